"""Cycles that somebody measured on a board: one TOML file per source.

suite = load("embench")
suite.programs[0].cycles

A suite says how its programs are made: from the sources of a checkout that the user has
(`[build]`), by calls of functions in an ELF that was published with the figures (`[call]`), or as
our own firmware with a model in it (`[firmware]`), measured by `boardless calibrate --port`.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from boardless.core import checked, files
from boardless.core.errors import BadInput

FOLDER = Path(__file__).with_name("facts")
CLOCK_TOLERANCE = 0.01  # two measurements of one clock differ by a tick of the board's timer


class Inference(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A measured inference, and all conditions under which its cycles are comparable."""

    build_id: str
    date: str  # of the measurement, YYYY-MM-DD
    inputs: str  # digest of what the inferences were fed with
    inferences: int  # that the cycles are the median of
    least: int  # cycles
    most: int
    layers: tuple[int, ...] = ()  # cycles of each, of the first input; where the board has a timer
    file: str = ""  # the .tflite; "" where the program's name is one of the zoo


class Program(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One measurement."""

    name: str
    cycles: float  # on the board, in the stretch between the two triggers, or of an inference
    held_out: bool  # never looked at to choose a number of the model
    define: dict[str, int | str] = {}  # for this program's own driver
    elf: str = ""  # that it calls into, instead of the suite's
    folder: str = ""  # of its sources, `{folder}` in what the suite builds
    inference: Inference | None = None  # where the suite has a [firmware]


class FromSources(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Programs that are compiled. Paths are relative to the user's checkout, `{program}` is the
    program's name and `{folder}` its folder; `own` are files of ours, in the folder board/, as are
    the headers in the folder `own_include`. `vectors` is a file of ours below firmware/."""

    marker: str  # a file that every checkout has
    sources: tuple[str, ...]
    own: tuple[str, ...]
    include: tuple[str, ...] = ()
    own_include: str = "."
    vectors: str = ""
    define: dict[str, int | str] = {}
    small_library: bool = False  # byte loops for memcpy and the like


class FromElf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Programs that call functions of an ELF in the user's checkout, or of an image of its flash, a
    .bin file; `own` are files of ours."""

    elf: str
    own: tuple[str, ...]


class Firmware(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Programs that are models in our own firmware."""

    board: str  # a folder as in firmware/boards
    counter: str  # of the core: dwt, ccount, mcycle, ...


class Emulated(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The emulated machine; for compiled programs with the memory map of the board.
    Memories: (origin, bytes) that our own code and data may use."""

    machine: str
    flash: tuple[int, int]
    ram: tuple[int, int]
    program: str = "qemu-system-arm"
    arguments: tuple[str, ...] = ()  # further ones of the emulator
    vectors: int | None = None  # where the machine looks for its vectors, if not in `flash`

    @property
    def code(self) -> tuple[int, int]:
        """Addresses that the programs' code and constants lie between."""
        low = self.flash[0] if self.vectors is None else self.vectors
        return low, self.flash[0] + self.flash[1]


class Suite(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A file in facts/; `name` is its own."""

    title: str
    core: str
    board: str
    clock_hz: int
    wait_states: int
    compiler: str  # such as GCC 14.1.0; GCC alone where its version is not published
    flags: tuple[str, ...]
    source: str  # where the figures are published
    note: str
    split: str  # what was held out, and how that was chosen
    program: tuple[Program, ...]
    part: str | None = None  # None: the core alone, no access waits
    toolchain: str = "arm-none-eabi-"  # what the names of compiler and linker begin with
    also_compilers: tuple[int, ...] = ()  # other major versions that may build it; `note` says why
    build: FromSources | None = None
    call: FromElf | None = None
    firmware: Firmware | None = None
    emulated: Emulated | None = None  # for [build] and [call]
    name: str = ""

    @property
    def programs(self) -> tuple[Program, ...]:
        return self.program

    @property
    def machine(self) -> Emulated:
        """Returns the emulator settings of [build] or [call]."""
        assert self.emulated
        return self.emulated

    @property
    def compiler_major(self) -> int | None:
        """None where it is not known."""
        major = self.compiler.split()[-1].split(".")[0]
        return int(major) if major.isdigit() else None

    def accepts(self, version: str) -> bool:
        """Returns True if what this compiler builds may be compared with what was measured."""
        known = self.compiler_major
        major = int(version.split(".")[0])
        return known in (None, major) or major in self.also_compilers


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
    suite = checked.file(path, Suite)
    listed = [p.name for p in suite.programs]
    if not listed or len(set(listed)) < len(listed):
        raise BadInput("programs must be there, each once", where=str(path))
    kinds = [suite.build, suite.call, suite.firmware]
    if sum(kind is not None for kind in kinds) != 1:
        raise BadInput("needs one of [build], [call] and [firmware]", where=str(path))
    if (suite.firmware is None) == (suite.emulated is None):
        raise BadInput("[build] and [call] need [emulated], [firmware] has none", where=str(path))
    if any((p.inference is None) != (suite.firmware is None) for p in suite.programs):
        raise BadInput(
            "[inference] is required with [firmware] and not allowed otherwise", where=str(path)
        )
    if not all(p.cycles > 0 for p in suite.programs):
        raise BadInput("cycles must be above 0", where=str(path))
    return msgspec.structs.replace(suite, name=path.stem)


def own(path: Path) -> Path:
    """`path` for facts of a user's; BadInput where it cannot be one, or hides a published suite."""
    if path.suffix != ".toml":
        raise BadInput("facts are kept in a .toml", where=str(path), hint="name it so")
    published = FOLDER / path.name
    if published.is_file() and path.resolve() != published.resolve():
        raise BadInput("a suite of boardless has this name", where=str(path), hint="take another")
    return path


def add(suite: Suite, path: Path) -> Suite:
    """Puts the suite's programs into the file at `path`, each in the place of one of its name, or
    begins one. BadInput where the file is about something else."""
    known = suite
    if path.exists():
        known = read(path)
        _same(known, suite, path)
    new = {p.name: p for p in suite.programs}
    kept = [p for p in known.programs if p.name not in new]
    programs = tuple(sorted([*kept, *new.values()], key=lambda p: p.name))
    whole = msgspec.structs.replace(known, program=programs, name="")
    try:
        import tomlkit  # here, because only who writes needs it

        files.write(path, tomlkit.dumps(msgspec.to_builtins(whole)).encode())
    except OSError as error:
        raise BadInput(f"cannot write ({error.strerror})", where=str(path)) from error
    return msgspec.structs.replace(whole, name=path.stem)


def _same(known: Suite, new: Suite, path: Path) -> None:
    hint = "name another file with --facts, or take this one away"
    for key in ("firmware", "core", "part", "compiler", "flags", "clock_hz"):
        old, now = getattr(known, key), getattr(new, key)
        if key == "clock_hz" and abs(now / old - 1) <= CLOCK_TOLERANCE:
            continue
        if old != now:
            raise BadInput(
                f"holds {key} {_told(old)}, this is {_told(now)}", where=str(path), hint=hint
            )


def _told(value: object) -> str:
    if isinstance(value, Firmware):
        return f"{value.board} ({value.counter})"
    return " ".join(value) if isinstance(value, tuple) else str(value)
