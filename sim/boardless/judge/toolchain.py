"""The identity of a tool chain, exact enough to know whether sizes and counts are comparable.

    identity(boards.load("mps2-an386")).compiler

Which compiler is installed belongs to the machine; which one is called, and with which flags, to
the repository. Figures are not comparable only where the machine lacks what made the old ones.
"""

from __future__ import annotations

import configparser
import hashlib
import re
import shlex
import shutil
import subprocess
from functools import cache
from pathlib import Path

import msgspec
from msgspec.structs import replace

from boardless.core import paths
from boardless.core.errors import ToolFailed
from boardless.device import build
from boardless.device.records import Board

LIBRARIES = ("libc.a", "libgcc.a", "libm.a")


class Tools(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Two that are equal make the same ELF of the same sources."""

    compiler: str  # the line by which it names itself, with its packager
    flags: tuple[str, ...]
    libraries: str  # digest of LIBRARIES
    linker: str  # version


def identity(board: Board) -> Tools:
    """Returns the identity of the board's tool chain here; ToolMissing where there is none."""
    build.toolchain(board)
    program = f"{board.toolchain.prefix}gcc"
    compiler, linker, libraries = _installed(program, board.toolchain.flags)
    return Tools(compiler, (*project_flags(), *board.toolchain.flags), libraries, linker)


def difference(old: Tools, new: Tools) -> str:
    """Names the first thing that this machine lacks to make again what `old` made, "" where it has
    all. Then other flags, or another compiler of those installed, are a change of the sources."""
    if old == new:
        return ""
    here = replace(new, flags=old.flags)
    program = old.compiler.split(" ")[0]
    if re.fullmatch(r"[A-Za-z0-9_.-]*gcc", program) and shutil.which(program):
        try:
            compiler, linker, libraries = _installed(program, old.flags)
            # Flags choose among the libraries that are installed.
            libraries = new.libraries if old.libraries == new.libraries else libraries
            here = Tools(compiler, old.flags, libraries, linker)
        except ToolFailed:
            pass  # it does not know these flags, so it is another one
    for what in ("compiler", "libraries", "linker"):
        before, now = getattr(old, what), getattr(here, what)
        if before != now:
            return f"{what} {now!r}, the baseline has {before!r}"
    return ""


def change(old: Tools, new: Tools) -> str:
    """Names what the sources have changed, such as flags."""
    for what in ("flags", "compiler", "libraries", "linker"):
        before, now = getattr(old, what), getattr(new, what)
        if before != now:
            if what == "flags":
                before, now = " ".join(before), " ".join(now)
            return f"built with {what} {now!r}, the baseline with {before!r}"
    return ""


def project_flags() -> tuple[str, ...]:
    """Returns `build_flags` of platformio.ini, which every board is built with."""
    config = configparser.ConfigParser(interpolation=None)
    config.read(paths.ROOT / "platformio.ini", encoding="utf8")
    return tuple(shlex.split(config["boardless"]["build_flags"]))


@cache
def _installed(program: str, flags: tuple[str, ...]) -> tuple[str, str, str]:
    """(the compiler's own line, the linker's version, digest of the libraries)"""

    def ask(*command: str) -> str:
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        except (OSError, subprocess.SubprocessError) as error:
            raise ToolFailed(f"{command[0]}: {error}", hint="reinstall it") from error
        return done.stdout.strip()

    compiler = ask(program, "--version").splitlines()[0]
    linker = ask(ask(program, "-print-prog-name=ld"), "--version").splitlines()[0].split()[-1]
    digest = hashlib.sha256()
    for name in LIBRARIES:
        path = Path(ask(program, *flags, f"-print-file-name={name}"))
        if path.is_absolute():  # the bare name: the compiler has no such library
            digest.update(f"{name}\0".encode() + path.read_bytes())
    return compiler, linker, digest.hexdigest()[:16]
