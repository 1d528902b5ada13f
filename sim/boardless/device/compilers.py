"""The compilers of this machine: their versions, and whether they are still the same programs.

toolchain(board), state(board)
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from boardless.core.errors import ToolMissing, install
from boardless.device.records import Board

PARTS = ("cc1", "as", "collect2", "ld", "libc.a", "libc_nano.a", "libm.a", "libgcc.a")
# Variables by which a user gives GCC and PlatformIO flags and folders that no file mentions.
VARIABLES = (
    *("CPATH", "C_INCLUDE_PATH", "LIBRARY_PATH", "COMPILER_PATH", "GCC_EXEC_PREFIX"),
    *("PLATFORMIO_BUILD_FLAGS", "PLATFORMIO_BUILD_SRC_FLAGS", "PLATFORMIO_BUILD_UNFLAGS"),
)


def environment() -> dict[str, str]:
    """Returns the variables for a build. Of PlatformIO's own, only VARIABLES: any other, such as
    its folders, would be an input that no key knows."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in VARIABLES or not name.startswith("PLATFORMIO_")
    }


def variables(given: Mapping[str, str]) -> str:
    """Returns those of VARIABLES that are set, one a line."""
    return "".join(f"{name}={given[name]}\n" for name in VARIABLES if given.get(name))


def toolchain(board: Board) -> str:
    """Returns a version such as "arm-none-eabi-gcc 12.2.1"; ToolMissing if there is no compiler."""
    program = f"{board.toolchain.prefix}gcc"
    if shutil.which(program) is None:
        raise ToolMissing(
            f"{program} is not installed",
            where=f"board {board.name}",
            hint=install(board.toolchain.debian, board.name),
        )
    return _version(program)


def state(board: Board) -> str:
    """Returns a digest that changes when compiler or C library are installed anew, even in the same
    version. It is no part of a build's id, which is the same on every machine."""
    return _state(board.toolchain.prefix, board.toolchain.flags)


@cache
def _version(program: str) -> str:
    done = subprocess.run(
        [program, "-dumpfullversion"], capture_output=True, text=True, timeout=60, check=False
    )
    return f"{program} {done.stdout.strip()}"


@cache
def _state(prefix: str, flags: tuple[str, ...]) -> str:
    # -### says which folders are searched, and runs nothing.
    command = [f"{prefix}gcc", *flags, "-###", "-x", "c", os.devnull]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    lists = re.findall(r"^(?:COMPILER|LIBRARY)_PATH=(.*)$", done.stderr, re.M)
    folders = dict.fromkeys(folder for text in lists for folder in text.split(":"))
    # The host's own compiler finds these two by PATH, any other one in its folders.
    programs = [f"{prefix}gcc", *(() if prefix else ("as", "ld"))]
    files = [Path(shutil.which(name) or name).resolve() for name in programs]
    files += [Path(folder, part) for folder in folders for part in PARTS]
    digest = hashlib.sha256()
    for path in files:
        if path.is_file():  # sizes and times: to read them all takes longer than a build
            found = path.stat()
            digest.update(f"{path}\0{found.st_size}\0{found.st_mtime_ns}\0".encode())
    return digest.hexdigest()
