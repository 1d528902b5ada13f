"""The parts of an ELF that counting needs: symbols, code, interrupt handlers.

image = load(Path("firmware.elf"))
image.symbols["main"].address
"""

from __future__ import annotations

import bisect
import difflib
import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from boardless.core.errors import BadInput

ISAS = {"EM_ARM": "thumb", "EM_RISCV": "riscv", "EM_XTENSA": "xtensa"}
EXECUTABLE = 1  # in p_flags


@dataclass(frozen=True)
class Symbol:
    """A name in the ELF; `address` without the bit that marks Thumb code."""

    name: str
    address: int
    size: int  # bytes
    function: bool

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


def load(path: Path) -> Image:
    """Reads an ELF; BadInput if it is none, or is for an unknown processor."""
    try:
        with path.open("rb") as file:
            elf = ELFFile(file)
            machine = elf["e_machine"]
            if machine not in ISAS:
                raise BadInput(
                    f"an ELF for {machine}", where=str(path), hint=f"known: {', '.join(ISAS)}"
                )
            segments = tuple(
                Segment(s["p_vaddr"], s.data(), bool(s["p_flags"] & EXECUTABLE))
                for s in elf.iter_segments("PT_LOAD")
                if s["p_filesz"]
            )
            symbols: dict[str, Symbol] = {}
            table = elf.get_section_by_name(".symtab")
            for s in table.iter_symbols() if table else ():
                kind = s["st_info"]["type"]
                if s.name and kind in ("STT_FUNC", "STT_OBJECT", "STT_NOTYPE"):
                    thumb = machine == "EM_ARM" and kind == "STT_FUNC"
                    address = s["st_value"] & ~1 if thumb else s["st_value"]
                    symbol = Symbol(s.name, address, s["st_size"], kind == "STT_FUNC")
                    symbols.setdefault(s.name, symbol)
            return Image(path, ISAS[machine], elf["e_entry"], segments, symbols)
    except (ELFError, OSError, struct.error) as error:
        raise BadInput(f"not a readable ELF: {error}", where=str(path)) from error


def has_vectors(image: Image, origin: int) -> bool:
    """Returns True if a Cortex-M whose vector table is at `origin` finds a reset vector there."""
    head = image.bytes_at(origin, 8)
    if len(head) < 8:
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
