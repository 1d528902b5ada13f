"""The parts of an ELF that counting needs: symbols, code, interrupt handlers.

image = load(Path("firmware.elf"))
image.symbols["main"].address
"""

from __future__ import annotations

import bisect
import contextlib
import difflib
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from boardless.core.errors import BadInput

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile

ISAS = {"EM_ARM": "thumb", "EM_RISCV": "riscv", "EM_XTENSA": "xtensa"}
EXECUTABLE = 1  # in p_flags
MOST_BYTES = 1 << 28  # of a file, and of what it loads; no microcontroller has more
MOST_PARTS = 10_000  # segments, or sections
MOST_SYMBOLS = 1 << 20
# What pyelftools raises on files that make no sense, next to its own.
BROKEN = (
    *(OSError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError),
    *(AssertionError, MemoryError, RuntimeError, struct.error, zlib.error),
)


@dataclass(frozen=True)
class Symbol:
    """A name in the ELF; `address` without the bit that marks Thumb code."""

    name: str
    address: int
    size: int  # bytes
    function: bool
    exported: bool = False  # seen by other files

    @property
    def range(self) -> tuple[int, int]:
        return self.address, self.address + self.size


@dataclass(frozen=True)
class Segment:
    """A loaded segment, at the address where the processor sees it."""

    address: int
    content: bytes
    executable: bool


@dataclass(frozen=True)
class Image:
    """An ELF as far as counting needs it."""

    path: Path
    isa: str  # thumb, riscv or xtensa
    entry: int
    segments: tuple[Segment, ...]
    symbols: dict[str, Symbol]  # the first of each name

    @cached_property
    def functions(self) -> list[Symbol]:
        """The functions with a size, by address."""
        found = [s for s in self.symbols.values() if s.function and s.size]
        return sorted(found, key=lambda s: s.address)

    @cached_property
    def named(self) -> list[Symbol]:
        """The functions, by address, with those of assembly that have no size: each ends where the
        next one begins, or its segment ends."""
        begins = {f.address for f in self.functions}
        loose = [
            s
            for s in self.symbols.values()
            if not s.size
            and (s.function or s.exported)
            and s.address not in begins
            and not self.function_at(s.address)
            and self.is_code(s.address)
        ]
        first = {s.address: s for s in sorted(loose, key=lambda s: not s.function)[::-1]}
        stops = sorted(begins | set(first) | {s.address + len(s.content) for s in self.segments})
        found = [
            replace(s, size=stops[bisect.bisect_right(stops, a)] - a, function=True)
            for a, s in first.items()
        ]
        return sorted([*self.functions, *found], key=lambda f: f.address)

    def function_at(self, address: int) -> Symbol | None:
        """Returns the function that contains this address."""
        at = bisect.bisect_right(self.functions, address, key=lambda f: f.address) - 1
        found = self.functions[at] if at >= 0 else None
        return found if found and address < found.range[1] else None

    def symbol(self, name: str) -> Symbol:
        """Returns a symbol; BadInput if the ELF has no such name."""
        if name not in self.symbols:
            near = difflib.get_close_matches(name, self.symbols, 3)
            raise BadInput(
                f"no symbol {name!r}",
                where=str(self.path),
                hint=f"did you mean {', '.join(near)}?" if near else "see nm",
            )
        return self.symbols[name]

    def address(self, text: str) -> int:
        """Returns the address of a symbol, or a number such as 0x1000."""
        try:
            return int(text, 0)
        except ValueError:
            return self.symbol(text).address

    def bytes_at(self, address: int, count: int) -> bytes:
        """Returns loaded bytes; fewer than `count` if the segment ends."""
        for s in self.segments:
            if s.address <= address < s.address + len(s.content):
                return s.content[address - s.address : address - s.address + count]
        return b""

    def is_code(self, address: int) -> bool:
        return any(
            s.executable and s.address <= address < s.address + len(s.content)
            for s in self.segments
        )


@contextlib.contextmanager
def opened(path: Path) -> Iterator[ELFFile]:
    """Opens an ELF that may be damaged or hostile: what goes wrong in the block is BadInput. It has
    a size and numbers of parts that a firmware can have."""
    # Here, because a case that has not changed needs no ELF.
    from elftools.common.exceptions import DWARFError, ELFError
    from elftools.construct import ConstructError
    from elftools.elf.elffile import ELFFile

    try:
        if path.exists() and not path.is_file():  # a pipe would make us wait for ever
            raise ValueError("this is not a file")
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"it has {path.stat().st_size:,} bytes")
        with path.open("rb") as file:
            elf = ELFFile(file)
            parts = elf.num_segments(), elf.num_sections()
            if max(parts) > MOST_PARTS:
                raise ValueError(f"it has {max(parts):,} segments or sections")
            yield elf
    except (*BROKEN, ELFError, DWARFError, ConstructError) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise BadInput(f"not a readable ELF: {reason}", where=str(path)) from error


def loaded(elf: ELFFile) -> Iterator[Segment]:
    """Yields what is loaded into memory."""
    total = 0
    for s in elf.iter_segments("PT_LOAD"):
        total += s["p_filesz"]
        if total > MOST_BYTES:
            raise ValueError(f"it loads more than {MOST_BYTES:,} bytes")
        if s["p_filesz"]:
            content = s.data()
            if len(content) < s["p_filesz"]:
                raise ValueError("it ends in the middle of a segment")
            yield Segment(s["p_vaddr"], content, bool(s["p_flags"] & EXECUTABLE))


def symbols_of(elf: ELFFile) -> Iterator[Symbol]:
    """Yields functions, objects and labels that have a name; none if there is no symbol table."""
    from elftools.elf.sections import SymbolTableSection

    table = elf.get_section_by_name(".symtab")
    if not isinstance(table, SymbolTableSection):
        return
    if not table["sh_entsize"] or table.num_symbols() > MOST_SYMBOLS:
        raise ValueError("its symbol table makes no sense")
    for s in table.iter_symbols():
        kind = s["st_info"]["type"]
        if s.name and kind in ("STT_FUNC", "STT_OBJECT", "STT_NOTYPE"):
            thumb = elf["e_machine"] == "EM_ARM" and kind == "STT_FUNC"
            address = s["st_value"] & ~1 if thumb else s["st_value"]
            exported = s["st_info"]["bind"] in ("STB_GLOBAL", "STB_WEAK")
            yield Symbol(s.name, address, s["st_size"], kind == "STT_FUNC", exported)


def load(path: Path) -> Image:
    """Reads an ELF; BadInput if it is none, or is for an unknown processor."""
    with opened(path) as elf:
        machine = elf["e_machine"]
        if machine not in ISAS or elf.elfclass != 32 or not elf.little_endian:
            what = f"an ELF for {machine}"
            if machine in ISAS:
                order = "little" if elf.little_endian else "big"
                what = f"a {elf.elfclass}-bit {order}-endian ELF"
            hint = f"known: {', '.join(ISAS)}, 32 bits, little-endian"
            raise BadInput(what, where=str(path), hint=hint)
        segments = tuple(loaded(elf))
        if not segments:
            raise ValueError("it loads nothing into memory")
        symbols: dict[str, Symbol] = {}
        for symbol in symbols_of(elf):
            symbols.setdefault(symbol.name, symbol)
        return Image(path, ISAS[machine], elf["e_entry"], segments, symbols)


def has_vectors(image: Image, origin: int) -> bool:
    """Returns True if a Cortex-M whose vector table is at `origin` finds a reset vector there."""
    head = image.bytes_at(origin, 8)
    # Newer linkers load the file's own header with the first segment, which may be at 0.
    if len(head) < 8 or head.startswith(b"\x7fELF"):
        return False
    reset = struct.unpack("<II", head)[1]
    return bool(reset & 1) and image.is_code(reset)


def handlers(image: Image, origin: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(where interrupt handlers begin, the instructions by which they return), of a Cortex-M's
    vector table at `origin`. The table ends with the first word that is no function of the ELF."""
    if image.isa != "thumb" or not has_vectors(image, origin):
        return (), ()
    words = image.bytes_at(origin, 4 * (16 + 496))
    _, reset, *vectors = struct.unpack(f"<{len(words) // 4}I", words[: len(words) // 4 * 4])
    starts = {f.address for f in image.functions}
    found = []
    for vector in vectors:
        if vector and not (vector & 1 and vector & ~1 in starts):
            break
        if vector and vector != reset:
            found.append(vector & ~1)
    unique = tuple(dict.fromkeys(found))
    return unique, tuple(a for handler in unique for a in _returns(image, handler))


def _returns(image: Image, handler: int) -> list[int]:
    """BX LR, POP {.., PC} and LDM SP!, {.., PC} of a function."""
    function = image.function_at(handler)
    assert function
    code = image.bytes_at(function.address, function.size)
    halves = struct.unpack(f"<{len(code) // 2}H", code[: len(code) // 2 * 2])
    found, i = [], 0
    while i < len(halves):
        first = halves[i]
        wide = first >> 11 in (0x1D, 0x1E, 0x1F)
        pops = wide and first == 0xE8BD and i + 1 < len(halves) and halves[i + 1] >> 15
        if first == 0x4770 or first >> 8 == 0xBD or pops:
            found.append(function.address + 2 * i)
        i += 2 if wide else 1
    return found
