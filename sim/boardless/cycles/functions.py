"""Which function an address belongs to, from an ELF's symbols.

    table = functions.load(elf)
    table.name(0x1a4)         # "bl_conv_2d_s8_dsp"
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from boardless.errors import BadInput

UNKNOWN = "?"


@dataclass(frozen=True)
class Function:
    """`start` inclusive, `end` exclusive."""

    name: str
    start: int
    end: int


@dataclass(frozen=True)
class Functions:
    """Sorted by address, without overlaps."""

    rows: tuple[Function, ...]

    def find(self, name: str) -> Function | None:
        return next((row for row in self.rows if row.name == name), None)

    def at(self, address: int) -> Function | None:
        """The function that `address` lies in."""
        i = bisect.bisect_right(self.rows, address, key=lambda row: row.start) - 1
        return self.rows[i] if i >= 0 and address < self.rows[i].end else None

    def index(self, addresses: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """(N,) row of each address (N,), -1 where it lies in no function."""
        starts = np.array([row.start for row in self.rows], np.uint64)
        ends = np.array([row.end for row in self.rows], np.uint64)
        rows = np.searchsorted(starts, addresses, side="right").astype(np.int64) - 1
        if len(self.rows):
            rows[(rows >= 0) & (addresses >= ends[np.maximum(rows, 0)])] = -1
        return rows


def load(elf: Path) -> Functions:
    """Of an ELF's symbol table. A function without a size, as hand-written assembler often has it,
    reaches to the next one or to the end of its section. BadInput where it is no ELF."""
    try:
        with elf.open("rb") as file:
            return _load(ELFFile(file))
    except (ELFError, OSError, UnicodeDecodeError) as error:
        raise BadInput(f"not a readable ELF: {error}", where=str(elf)) from error


def _load(elf: ELFFile) -> Functions:
    thumb = elf["e_machine"] == "EM_ARM"  # Thumb functions carry bit 0
    table = elf.get_section_by_name(".symtab")
    found: dict[int, tuple[tuple[bool, bool, int, str], Function]] = {}
    for symbol in table.iter_symbols() if isinstance(table, SymbolTableSection) else ():
        section = symbol["st_shndx"]
        if symbol["st_info"]["type"] != "STT_FUNC" or not isinstance(section, int):
            continue
        start = symbol["st_value"] & ~1 if thumb else symbol["st_value"]
        whole = elf.get_section(section)
        size = symbol["st_size"]
        end = start + size if size else whole["sh_addr"] + whole["sh_size"]
        # Of aliases at one address the shortest name with a size: `memcpy`, not `__aeabi_memcpy4`.
        rank = (not size, symbol["st_info"]["bind"] == "STB_WEAK", len(symbol.name), symbol.name)
        if start not in found or rank < found[start][0]:
            found[start] = rank, Function(symbol.name, start, end)
    rows = [found[start][1] for start in sorted(found)]
    return Functions(
        tuple(
            Function(row.name, row.start, min(row.end, after.start)) if after else row
            for row, after in zip(rows, [*rows[1:], None], strict=True)
        )
    )
