"""Programs of the system: are they there, and in which version?"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

from boardless.core.errors import ToolFailed, ToolMissing, install


def program_version(command: list[str], debian: Sequence[str], board: str = "") -> str:
    """First line of `command`'s output; ToolMissing where the program is not there."""
    if shutil.which(command[0]) is None:
        raise ToolMissing(
            f"{command[0]} is not installed",
            hint=install(debian, board),
        )
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
