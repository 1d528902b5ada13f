"""Cuts a program's code into segments, and names the borders of its regions.

Counter(plugin, cuts(image), firmware(image, board))
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from boardless.core.errors import ToolFailed
from boardless.cycles.image import Image, handlers
from boardless.device.counting import accesses
from boardless.device.plugin.counter import Cuts, Watch
from boardless.device.records import Board


def cuts(image: Image) -> Cuts:
    """Behind every instruction that may access memory; behind every one of a processor whose
    instructions nobody here can tell apart."""
    find = accesses.KNOWN.get(image.isa)
    if find is None:
        return Cuts()
    ranges, addresses = [], []
    for segment in image.segments:
        if segment.executable:
            ranges.append((segment.address, segment.address + len(segment.content)))
            found = np.flatnonzero(find(segment.content))
            addresses += (segment.address + 2 * found).tolist()
    return Cuts(tuple(ranges), tuple(addresses))


def firmware(image: Image, board: Board, caches: Sequence[str] = ()) -> Watch:
    """Our own firmware: region k is layer k, from its mark to the next; the last region, number
    `layers`, is what an inference executes around them. Together they are what lies between the
    start of the board's timer and the reading of it behind the last layer: the same stretch that
    icount measures."""
    try:
        marks = image.symbols["marks"]
        mark, start, stop = (
            image.symbols[name].range for name in ("bl_mark", "hal_timer_start", "hal_timer_ticks")
        )
    except KeyError as error:
        raise ToolFailed(
            f"the firmware has no symbol {error}", where=str(image.path), hint="build it again"
        ) from error
    begin, leave = handlers(image, board.memory.flash_origin)
    return Watch(
        marks=(marks.address, marks.size // 4, *mark),
        start=start,
        stop=stop,
        start_at=behind_counter(image, start),
        stop_at=behind_counter(image, stop),
        memory=_memory(board),
        handlers=begin,
        leaves=leave,
        caches=tuple(caches),
    )


def behind_counter(image: Image, code: tuple[int, int]) -> tuple[int, ...]:
    """The address behind the first instruction in `code` that reads a counter of the core, a CSR
    of RISC-V or CCOUNT of Xtensa: such a core needs no device as a timer."""
    at = code[0]
    while image.isa in ("riscv", "xtensa") and at < code[1]:
        word = int.from_bytes(image.bytes_at(at, 4), "little")
        if image.isa == "riscv":
            size = 4 if word & 3 == 3 else 2
            reads = word & 0x7F == 0x73 and bool(word >> 12 & 7)  # CSR instructions
        else:
            size = 2 if word & 0xF >= 8 else 3  # the density option's are 16 bits long
            reads = word & 0xFFFF0F == 0x03EA00  # rsr.ccount
        if reads:
            return (at + size,)
        at += size
    return ()


def program(
    image: Image, board: Board, regions: Sequence[tuple[int, int]], caches: Sequence[str] = ()
) -> Watch:
    """Any other program: regions from one instruction to another."""
    begin, leave = handlers(image, board.memory.flash_origin)
    return Watch(regions=tuple(regions), handlers=begin, leaves=leave, caches=tuple(caches))


def _memory(board: Board) -> tuple[tuple[int, int], ...]:
    m = board.memory
    return (
        (m.flash_origin, m.flash_origin + m.flash_bytes),
        (m.ram_origin, m.ram_origin + m.ram_bytes),
    )
