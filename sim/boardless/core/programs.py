"""Programs of the system: are they there, and in which version?"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache

from boardless.core.errors import ToolFailed, ToolMissing, install


def program_version(command: list[str], debian: Sequence[str], board: str = "") -> str:
    """First line of `command`'s output; ToolMissing where the program is not there."""
    if shutil.which(command[0]) is None:
        raise ToolMissing(
            f"{command[0]} is not installed",
            hint=install(debian, board),
        )
    return _first_line(identity(command[0]), *command)


def identity(program: str) -> str:
    """Returns what tells one installation of a program from another: its path, size and time; ""
    where it is not there."""
    path = shutil.which(program)
    if path is None:
        return ""
    about = os.stat(path)
    return f"{os.path.realpath(path)} {about.st_size} {about.st_mtime_ns}"


@cache
def _first_line(_: str, *command: str) -> str:
    """Returns the first line of what a program says. It is asked once, for it takes a while."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolFailed(f"{' '.join(command)}: {error}", hint="reinstall it") from error
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        raise ToolFailed(
            f"{' '.join(command)} ended with status {done.returncode}", hint="reinstall it"
        )
    return lines[0].strip()
