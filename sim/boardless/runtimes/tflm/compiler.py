"""The C++ compiler of a board, with a library of which the interpreter includes headers.

found = library(board)
found.flags          # of C++, () where the compiler finds them by itself
"""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from dataclasses import dataclass

from boardless.core.errors import ToolMissing
from boardless.device.records import Board

# Debian's packages of the library by the prefix of the compiler.
LIBRARIES = {"arm-none-eabi-": "libstdc++-arm-none-eabi-newlib", "": "g++"}
# There is none for RISC-V. GCC's library is the same text for all processors but for a few files of
# settings: the interpreter, which links nothing of it, takes the headers of a compiler of the same
# version, with the settings of a core of 32 bits without FPU.
LENT_TO, LENDER = ("riscv64-unknown-elf-",), ("arm-none-eabi-g++", "-mcpu=cortex-m0", "-mthumb")
PROGRAM = b"#include <new>\n#include <type_traits>\n"


@dataclass(frozen=True)
class Library:
    """The headers of the C++ library, as the compiler finds them."""

    flags: tuple[str, ...] = ()  # () where it finds its own
    lender: str = ""  # the compiler whose headers they are, "" for its own


def library(board: Board) -> Library:
    """Returns the library for a board; ToolMissing, with the package that is missing, where there
    is none."""
    prefix, flags = board.toolchain.prefix, board.toolchain.flags
    program, package = f"{prefix}g++", LIBRARIES.get(prefix, "")
    if _compiles(program, flags):
        return Library()
    if prefix in LENT_TO:
        package = LIBRARIES["arm-none-eabi-"]
        lent = _lent(program)
        if lent.flags and _compiles(program, (*flags, *lent.flags)):
            return lent
    there = shutil.which(program) is not None
    raise ToolMissing(
        f"{program} {'does not find the C++ library' if there else 'is not there'}",
        where=f"board {board.name}",
        hint=f"apt-get install {package}" if package else "no package of Debian's brings it",
    )


@functools.cache
def _lent(program: str) -> Library:
    """Returns the headers of LENDER, of which there are none where it is of another version."""
    versions = [_said(name, "-dumpversion").strip() for name in (program, LENDER[0])]
    if not versions[0] or versions[0].partition(".")[0] != versions[1].partition(".")[0]:
        return Library()
    folders = re.findall(r"(?m)^ (/\S*/c\+\+/\S*)$", _said(*LENDER, "-E", "-v", "-xc++", "-"))
    flags = tuple(word for folder in folders for word in ("-isystem", folder))
    return Library(flags, f"{LENDER[0]} {versions[1]}")


def _said(*command: str) -> str:
    """Returns what a compiler prints, "" where it is not there."""
    if shutil.which(command[0]) is None:
        return ""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout


@functools.cache
def _compiles(program: str, flags: tuple[str, ...]) -> bool:
    if shutil.which(program) is None:
        return False
    command = [program, *flags, "-fsyntax-only", "-x", "c++", "-"]
    done = subprocess.run(command, input=PROGRAM, capture_output=True, timeout=60, check=False)
    return done.returncode == 0
