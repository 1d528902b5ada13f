"""Reads an ELF: how much memory it takes, and which function is where.

flash_bytes, ram_bytes = sections(build.elf, build.board)
"""

from __future__ import annotations

from pathlib import Path

from boardless.core.errors import ToolFailed
from boardless.cycles import image
from boardless.device.records import Board


def sections(elf: Path, board: Board) -> tuple[int, int]:
    """Returns (bytes of flash, bytes of RAM) of an ELF, without the stack that the board reserves.

    In RAM is what can be written and what lies there, such as code. A section that is named like
    the stack's is the stack only up to its size."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    flash = ram = 0
    begin, end = board.memory.ram
    stack = board.memory.stack_bytes
    try:
        with elf.open("rb") as file:
            for section in ELFFile(file).iter_sections():
                size, flags = section["sh_size"], section["sh_flags"]
                if not flags & 2:  # SHF_ALLOC
                    continue
                if section["sh_type"] != "SHT_NOBITS":
                    flash += size
                elif section.name == ".stack":
                    size, stack = max(size - stack, 0), max(stack - size, 0)
                if flags & 1 or begin <= section["sh_addr"] < end:  # SHF_WRITE
                    ram += size
    except (ELFError, OSError) as error:
        raise ToolFailed(
            f"not a readable ELF: {error}", where=str(elf), hint="delete it"
        ) from error
    return flash, ram


def function_at(elf: Path, address: int) -> str:
    """Returns name+offset of a code address, "?" where no function is there."""
    with image.opened(elf) as opened:
        for symbol in image.symbols_of(opened):
            start = symbol.address & ~1  # Thumb functions carry bit 0
            if symbol.function and start <= (address & ~1) < start + symbol.size:
                return f"{symbol.name}+{(address & ~1) - start:#x}"
    return "?"
