"""Scratch memory that the arena has anyway: calls that are faster with more of it. Pure.

    calls, arena = room.used(calls, arena, memory.of_scratch)

The plan comes first, and others are tried that are no larger, so that no arena grows for it. Small
models stay with the calls that they have, because the code of others takes some 2 KB of flash.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from boardless.model.compiler import plan
from boardless.model.compiler.calls import Call
from boardless.model.compiler.plan import Plan, aligned

LEAST_MACS = 500_000  # of all calls that get more scratch
SHARES = 1.0, 0.5, 0.0  # of what a step can spare, that plans are tried with


def used(
    calls: Sequence[Call], arena: Plan, of_scratch: Mapping[int, int], spare: int = 0
) -> tuple[list[Call], Plan]:
    """Returns the calls, the roomier ones where they fit, and the plan with their scratch memory.
    `of_scratch` maps the number of a call to that of a buffer; the arena may grow by `spare`
    bytes, and if it may, models of any size get roomier calls."""
    if all(call.roomier is None for call in calls):
        return list(calls), arena
    if not spare and sum(c.roomier.macs for c in calls if c.roomier is not None) < LEAST_MACS:
        return list(calls), arena
    most = aligned(arena.arena_bytes + spare)
    found = [_in_gaps(calls, each, of_scratch, most) for each in _plans(calls, arena, of_scratch)]
    macs, _, chosen, best = max(found, key=lambda found: found[:2])
    if macs < LEAST_MACS and not spare:
        return list(calls), arena
    return chosen, best


def _plans(calls: Sequence[Call], arena: Plan, of_scratch: Mapping[int, int]) -> Iterator[Plan]:
    """Yields the plan, and others that are no larger and have more scratch memory."""
    yield arena
    needed = plan.needs(arena.buffers, arena.overlaps)
    known = set()
    for share in SHARES:
        buffers = list(arena.buffers)
        for step, number in of_scratch.items():
            roomier, size = calls[step].roomier, aligned(buffers[number].size)
            free = arena.arena_bytes - needed[step] + size
            if roomier is not None and roomier.scratch_bytes <= free:
                size = max(
                    roomier.scratch_bytes, int(share * free) // plan.ALIGNMENT * plan.ALIGNMENT
                )
                size = min(size, roomier.most_scratch_bytes)
                buffers[number] = dataclasses.replace(buffers[number], size=size)
        if tuple(buffers) not in known:
            known.add(tuple(buffers))
            other = plan.arrange(buffers, arena.overlaps)
            if other.arena_bytes <= arena.arena_bytes:
                yield dataclasses.replace(arena, buffers=tuple(buffers), offsets=other.offsets)


def _in_gaps(
    calls: Sequence[Call], arena: Plan, of_scratch: Mapping[int, int], most: int
) -> tuple[int, int, list[Call], Plan]:
    """Gives each roomier call what is free around the other buffers. Returns the MACs of these
    calls, the bytes of their scratch memory, all calls, and the plan."""
    chosen, top = list(calls), arena.arena_bytes
    buffers, offsets = list(arena.buffers), list(arena.offsets)
    for step, call in enumerate(calls):
        if call.roomier is None:
            continue
        number = of_scratch[step]
        others = [
            (offset, offset + aligned(buffer.size))
            for k, (buffer, offset) in enumerate(zip(buffers, offsets, strict=True))
            if k != number and buffer.first <= step <= buffer.last
        ]
        begin, size = _largest_gap(others, most)
        if size >= call.roomier.scratch_bytes:
            size = min(size, call.roomier.most_scratch_bytes)
            chosen[step] = call.roomier.with_scratch(size)
        else:
            size = call.scratch_bytes
        buffers[number] = dataclasses.replace(buffers[number], size=size)
        offsets[number] = begin
        top = max(top, begin + aligned(size))
    taken = [call for call, old in zip(chosen, calls, strict=True) if call is not old]
    return (
        sum(call.macs for call in taken),
        sum(call.scratch_bytes for call in taken),
        chosen,
        dataclasses.replace(arena, buffers=tuple(buffers), offsets=tuple(offsets), arena_bytes=top),
    )


def _largest_gap(taken: Sequence[tuple[int, int]], end: int) -> tuple[int, int]:
    """Returns where the most bytes below `end` are in none of these spans, and how many."""
    best, begin = (0, 0), 0
    for low, high in [*sorted(taken), (end, end)]:
        if low - begin > best[1]:
            best = begin, low - begin
        begin = max(begin, high)
    return best
