"""Cycles that somebody measured on a board: one TOML file per source.

suite = load("embench")
suite.programs[0].cycles

A suite says how its programs are made: from the sources of a checkout that the user has
(`[build]`), or by calls of functions in an ELF that was published with the figures (`[call]`).
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from boardless.errors import BadInput

FOLDER = Path(__file__).with_name("facts")


class Program(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One measurement."""

    name: str
    cycles: float  # on the board, in the stretch between the two triggers
    held_out: bool  # never looked at to choose a number of the model
    define: dict[str, int | str] = {}  # for this program's own driver
    elf: str = ""  # that it calls into, instead of the suite's


class FromSources(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Programs that are compiled. Paths are relative to the user's checkout, `{program}` is the
    program's name; `own` are files of ours, in the folder board/."""

    marker: str  # a file that every checkout has
    sources: tuple[str, ...]
    own: tuple[str, ...]
    include: tuple[str, ...] = ()
    define: dict[str, int | str] = {}
    small_library: bool = False  # byte loops for memcpy and the like


class FromElf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Programs that call functions of an ELF in the user's checkout; `own` are files of ours."""

    elf: str
    own: tuple[str, ...]


class Emulated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The emulated machine; for compiled programs with the memory map of the board.
    Memories: (origin, bytes) that our own code and data may use."""

    machine: str
    flash: tuple[int, int]
    ram: tuple[int, int]
    vectors: int | None = None  # where the machine looks for its vectors, if not in `flash`


class Suite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file in facts/; `name` is its own."""

    title: str
    core: str
    board: str
    clock_hz: int
    wait_states: int
    compiler: str  # such as GCC 14.1.0
    flags: tuple[str, ...]
    source: str  # where the figures are published
    note: str
    split: str  # what was held out, and how that was chosen
    emulated: Emulated
    program: tuple[Program, ...]
    part: str | None = None  # None: the core alone, no access waits
    build: FromSources | None = None
    call: FromElf | None = None
    name: str = ""

    @property
    def programs(self) -> tuple[Program, ...]:
        return self.program

    @property
    def compiler_major(self) -> int:
        return int(self.compiler.split()[-1].split(".")[0])


def names() -> list[str]:
    return sorted(p.stem for p in FOLDER.glob("*.toml"))


def load(name: str) -> Suite:
    """A suite by its name, or a facts file of your own by its path (.toml); BadInput where there is
    none, or its file is wrong."""
    if name.endswith(".toml") and Path(name).is_file():
        return read(Path(name))
    if name not in names():
        known = ", ".join(names())
        raise BadInput(
            f"unknown suite {name!r}", hint=f"known: {known}, or the path of a facts file (.toml)"
        )
    return read(FOLDER / f"{name}.toml")


def read(path: Path) -> Suite:
    """A facts file."""
    try:
        suite = msgspec.toml.decode(path.read_bytes(), type=Suite)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(str(error), where=str(path)) from error
    listed = [p.name for p in suite.programs]
    if not listed or len(set(listed)) < len(listed):
        raise BadInput("programs must be there, each once", where=str(path))
    if (suite.build is None) == (suite.call is None):
        raise BadInput("needs either [build] or [call]", where=str(path))
    if not all(p.cycles > 0 for p in suite.programs):
        raise BadInput("cycles must be above 0", where=str(path))
    return msgspec.structs.replace(suite, name=path.stem)
