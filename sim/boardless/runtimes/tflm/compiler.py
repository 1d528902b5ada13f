"""Checks that there is a C++ compiler for a board, with a library of which the interpreter includes
headers."""

from __future__ import annotations

import functools
import shutil
import subprocess

from boardless.core.errors import ToolMissing
from boardless.device.records import Board

# Debian's packages of the library by the prefix of the compiler; there is none for RISC-V.
LIBRARIES = {"arm-none-eabi-": "libstdc++-arm-none-eabi-newlib", "": "g++"}
PROGRAM = b"#include <new>\n#include <type_traits>\n"


def check(board: Board) -> None:
    """Raises ToolMissing, with the package that is missing where there is one."""
    prefix = board.toolchain.prefix
    if not _compiles(f"{prefix}g++", board.toolchain.flags):
        package = LIBRARIES.get(prefix, "")
        raise ToolMissing(
            f"{prefix}g++ does not find the C++ library",
            where=f"board {board.name}",
            hint=f"apt-get install {package}" if package else "no package of Debian's brings it",
        )


@functools.cache
def _compiles(program: str, flags: tuple[str, ...]) -> bool:
    if shutil.which(program) is None:
        return False
    command = [program, *flags, "-fsyntax-only", "-x", "c++", "-"]
    done = subprocess.run(command, input=PROGRAM, capture_output=True, timeout=60, check=False)
    return done.returncode == 0
