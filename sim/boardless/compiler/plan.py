"""Where each activation lies in the arena: lifetimes, sharing, offsets. Pure.

plan = arrange([Buffer(size=64, first=0, last=1), Buffer(size=32, first=1, last=2)])
"""

from __future__ import annotations

from dataclasses import dataclass

ALIGNMENT = 8  # bytes; enough for every type and for double-word loads


@dataclass(frozen=True)
class Buffer:
    """Bytes that must stay untouched from step `first` to step `last`, both included."""

    size: int  # bytes
    first: int
    last: int

    def overlaps(self, other: Buffer) -> bool:
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class Plan:
    """One offset per buffer; `lower_bound` is what no plan can beat without overlapping buffers."""

    offsets: tuple[int, ...]  # bytes from the start of the arena
    arena_bytes: int
    lower_bound: int


def aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def arrange(buffers: list[Buffer]) -> Plan:
    """Places large buffers first, each at the lowest gap among those alive at the same time."""
    offsets: dict[int, int] = {}
    order = sorted(range(len(buffers)), key=lambda i: (-buffers[i].size, buffers[i].first, i))
    for i in order:
        taken = sorted(
            (offsets[k], offsets[k] + aligned(buffers[k].size))
            for k in offsets
            if buffers[k].overlaps(buffers[i])
        )
        offset = 0
        for begin, end in taken:
            if begin - offset >= buffers[i].size:
                break
            offset = max(offset, end)
        offsets[i] = offset
    arena = max((offsets[i] + aligned(b.size) for i, b in enumerate(buffers)), default=0)
    steps = {b.first for b in buffers} | {b.last for b in buffers}
    bound = max(
        (sum(aligned(b.size) for b in buffers if b.first <= s <= b.last) for s in steps), default=0
    )
    return Plan(tuple(offsets[i] for i in range(len(buffers))), arena, bound)
