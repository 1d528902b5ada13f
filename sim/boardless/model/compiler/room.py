"""Scratch memory that the arena has anyway: calls that are faster with more of it. Pure.

    calls, arena = room.used(calls, arena, memory.of_scratch)

The plan comes first, so that no arena grows for it. Small models stay with the calls that they
have, because the code of others takes some 2 KB of flash.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from boardless.model.compiler.calls import Call
from boardless.model.compiler.plan import Plan, aligned

LEAST_MACS = 500_000  # of all calls that get more scratch


def used(
    calls: Sequence[Call], arena: Plan, of_scratch: Mapping[int, int], spare: int = 0
) -> tuple[list[Call], Plan]:
    """Returns the calls, the roomier ones where they fit, and the plan with their scratch memory.
    `of_scratch` maps the number of a call to that of a buffer; the arena may grow by `spare`
    bytes, and if it may, models of any size get roomier calls."""
    chosen = list(calls)
    buffers, offsets = list(arena.buffers), list(arena.offsets)
    most, top = aligned(arena.arena_bytes + spare), arena.arena_bytes
    for step, call in enumerate(calls):
        roomier = call.roomier
        if roomier is None:
            continue
        number = of_scratch[step]
        others = [
            (offset, offset + aligned(buffer.size))
            for k, (buffer, offset) in enumerate(zip(buffers, offsets, strict=True))
            if k != number and buffer.first <= step <= buffer.last
        ]
        begin, size = _largest_gap(others, most)
        if size < roomier.scratch_bytes:
            continue
        size = min(size, roomier.most_scratch_bytes)
        chosen[step] = roomier.with_scratch(size)
        buffers[number] = dataclasses.replace(buffers[number], size=size)
        offsets[number] = begin
        top = max(top, begin + aligned(size))
    macs = sum(call.macs for call, old in zip(chosen, calls, strict=True) if call is not old)
    if macs < LEAST_MACS and not spare:
        return list(calls), arena
    found = dataclasses.replace(
        arena, buffers=tuple(buffers), offsets=tuple(offsets), arena_bytes=top
    )
    return chosen, found


def _largest_gap(taken: Sequence[tuple[int, int]], end: int) -> tuple[int, int]:
    """Returns where the most bytes below `end` are in none of these spans, and how many."""
    best, begin = (0, 0), 0
    for low, high in [*sorted(taken), (end, end)]:
        if low - begin > best[1]:
            best = begin, low - begin
        begin = max(begin, high)
    return best
