"""The place of each activation in the arena: lifetimes, sharing, offsets. Pure.

plan = arrange([Buffer(size=64, first=0, last=1), Buffer(size=32, first=1, last=2)])

Buffers that live at the same time must not share a byte, with one exception: an Overlap lets the
output of a step begin `clearance` bytes before an input that no later step reads (diagonal memory
optimisation). So of two such buffers one lies above the other by a distance that depends on their
order, and a plan is a choice of this order for all pairs. Every plan in which no buffer can move
down results from placing the buffers one after the other, each at its lowest free offset. arrange()
searches for the best sequence, and lower_bound says how much could be gained at most.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

ALIGNMENT = 8  # bytes; enough for every type and for double-word loads
EXHAUSTIVE = 6  # so many buffers are placed in every order
PLACEMENTS = 100_000  # of single buffers, that a search may spend; some 0.3 s


@dataclass(frozen=True)
class Buffer:
    """Bytes that must stay untouched from step `first` to step `last`, both included."""

    size: int  # bytes
    first: int
    last: int
    name: str = ""
    kind: str = "activation"  # or scratch

    def overlaps(self, other: Buffer) -> bool:
        """Returns True if both live at the same time."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class Overlap:
    """Buffer number `output` may begin `clearance` bytes before buffer number `input`, or earlier.

    The step that writes `output` is the last that reads `input`.
    """

    input: int
    output: int
    clearance: int  # bytes, >= 0


@dataclass(frozen=True)
class Plan:
    """One offset per buffer; no plan needs less than `lower_bound`."""

    offsets: tuple[int, ...]  # bytes from the start of the arena
    arena_bytes: int
    lower_bound: int
    peak_step: int = 0  # the first of those whose live buffers need most room
    buffers: tuple[Buffer, ...] = ()
    overlaps: tuple[Overlap, ...] = ()

    def shared(self, i: int) -> list[tuple[int, int]]:
        """(buffer, bytes) of what buffer `i` shares bytes with while both live, by an Overlap."""
        begin, end = self.offsets[i], self.offsets[i] + self.buffers[i].size
        common = [
            (k, min(end, self.offsets[k] + self.buffers[k].size) - max(begin, self.offsets[k]))
            for k in self._partners.get(i, [])
        ]
        return [(k, size) for k, size in common if size > 0]

    @cached_property
    def _partners(self) -> dict[int, list[int]]:
        partners: dict[int, list[int]] = {}
        for o in self.overlaps:
            partners.setdefault(o.input, []).append(o.output)
            partners.setdefault(o.output, []).append(o.input)
        return partners

    def picture(self) -> list[dict[str, Any]]:
        """One JSON-able record per buffer, by first step; offsets and sizes in bytes."""
        order = sorted(range(len(self.buffers)), key=lambda i: (self.buffers[i].first, i))
        return [
            {
                "name": self.buffers[i].name,
                "kind": self.buffers[i].kind,
                "offset": self.offsets[i],
                "size": self.buffers[i].size,
                "first": self.buffers[i].first,
                "last": self.buffers[i].last,
                "overlaps": [{"name": self.buffers[k].name, "bytes": n} for k, n in self.shared(i)],
            }
            for i in order
        ]


def aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def arrange(buffers: Sequence[Buffer], overlaps: Iterable[Overlap] = ()) -> Plan:
    """The smallest plan that a search of fixed length finds; equal input gives equal plans."""
    problem = _Problem(tuple(buffers), tuple(overlaps))
    chain = problem.chain()
    bound = problem.chain_bound(chain)
    arena, offsets = _search(problem, bound, problem.chain_order(chain, bound))
    needs = problem.step_bounds()
    peak = max(needs, key=lambda t: (needs[t], -t), default=0)
    return Plan(tuple(offsets), arena, bound, peak, problem.buffers, problem.overlaps)


def needs(buffers: Sequence[Buffer], overlaps: Iterable[Overlap] = ()) -> list[int]:
    """Returns for each step the bytes that no plan can do without."""
    bounds = _Problem(tuple(buffers), tuple(overlaps)).step_bounds()
    found: list[int] = []
    for step in range(max((b.last for b in buffers), default=-1) + 1):
        found.append(bounds.get(step, found[-1] if found else 0))
    return found


class _Problem:
    """Distances between buffers that live at the same time; sizes and distances are aligned."""

    def __init__(self, buffers: tuple[Buffer, ...], overlaps: tuple[Overlap, ...]) -> None:
        self.buffers, self.overlaps = buffers, overlaps
        self.sizes = [aligned(b.size) for b in buffers]
        clearances = {}
        for o in overlaps:
            if buffers[o.input].last != buffers[o.output].first or o.clearance < 0:
                raise ValueError(f"{o} does not join two buffers at one step")
            clearances[o.output, o.input] = min(aligned(o.clearance), self.sizes[o.output])
        # rise[i][k]: how far k's start must lie above i's at least, where i is the lower one
        self.rise: list[dict[int, int]] = [{} for _ in buffers]
        alive: list[int] = []
        for i in sorted(range(len(buffers)), key=lambda i: buffers[i].first):
            alive = [k for k in alive if buffers[k].last >= buffers[i].first]
            for k in alive:
                self.rise[i][k] = clearances.get((i, k), self.sizes[i])
                self.rise[k][i] = clearances.get((k, i), self.sizes[k])
            alive.append(i)

    def place(self, order: Sequence[int]) -> list[int]:
        """Each buffer at the lowest offset that those placed before it leave free."""
        offsets = [-1] * len(self.buffers)
        for i in order:
            rise = self.rise
            forbidden = sorted(
                (offsets[k] - up, offsets[k] + rise[k][i])
                for k, up in rise[i].items()
                if offsets[k] >= 0
            )
            at = 0
            for begin, end in forbidden:  # open intervals
                if begin < at < end:
                    at = end
                elif begin >= at:
                    break
            offsets[i] = at
        return offsets

    def top(self, offsets: Sequence[int]) -> int:
        return max((o + s for o, s in zip(offsets, self.sizes, strict=True)), default=0)

    def step_bounds(self) -> dict[int, int]:
        """Returns for each step the bytes alive, less what its overlaps can save at best."""
        changes: dict[int, int] = {}
        for b, size in zip(self.buffers, self.sizes, strict=True):
            changes[b.first] = changes.get(b.first, 0) + size
            changes[b.last + 1] = changes.get(b.last + 1, 0) - size
        steps = sorted(changes)
        alive = itertools.accumulate(changes[t] for t in steps)
        bounds = dict(zip(steps, alive, strict=True))  # at the steps where it changes
        for o in self.overlaps:
            into = self.sizes[o.output] - self.rise[o.output][o.input]
            bounds[self.buffers[o.output].first] -= max(0, min(into, self.sizes[o.input]))
        return bounds

    def chain(self) -> list[int]:
        """The main line: the input, then the largest buffer that begins where the last one ends."""
        starting: dict[int, list[int]] = {}  # step -> tensors
        for i, b in enumerate(self.buffers):
            if b.kind != "scratch":
                starting.setdefault(b.first, []).append(i)
        following = sorted(
            starting.get(0, []), key=lambda i: (self.buffers[i].last, -self.sizes[i])
        )[:1]
        chain: dict[int, None] = {}
        while following:
            newest = max(following, key=lambda i: (self.sizes[i], -i))
            chain[newest] = None
            next_ones = starting.get(self.buffers[newest].last, [])
            following = [i for i in next_ones if i in self.rise[newest] and i not in chain]
        return list(chain)

    def chain_bound(self, chain: Sequence[int]) -> int:
        """The least arena in which each buffer of the chain is clear of the one before: exact, so a
        lower bound for all buffers together, and the answer where there are no others."""
        low = max(self.step_bounds().values(), default=0) // ALIGNMENT
        high = sum(self.sizes) // ALIGNMENT
        while low < high:
            middle = (low + high) // 2
            if self._chain_ranges(chain, middle * ALIGNMENT):
                high = middle
            else:
                low = middle + 1
        return low * ALIGNMENT

    def chain_order(self, chain: Sequence[int], arena: int) -> list[int]:
        """An order of placement that puts the chain into `arena` bytes; the others come last."""
        ranges = self._chain_ranges(chain, arena)
        if not chain or not ranges:
            return []
        at = ranges[-1][0]
        offsets = {chain[-1]: at}
        for k in range(len(chain) - 2, -1, -1):
            lowest, highest = ranges[k]
            at = highest if at + self.rise[chain[k + 1]][chain[k]] <= highest else lowest
            offsets[chain[k]] = at
        position = {i: k for k, i in enumerate(chain)}
        order = sorted(chain, key=lambda i: (offsets[i], -position[i]))
        return order + [i for i in range(len(self.sizes)) if i not in offsets]

    def _chain_ranges(self, chain: Sequence[int], arena: int) -> list[tuple[int, int]]:
        """The lowest and highest offset that each buffer can have; empty where it does not fit.

        Nothing else of the offsets matters: a buffer lies anywhere low enough below the highest
        that the one before it can have, or anywhere far enough above the lowest.
        """
        ranges: list[tuple[int, int]] = []
        for k, i in enumerate(chain):
            room = arena - self.sizes[i]
            below, above = room, 0
            if k:
                lowest, highest = ranges[-1]
                below = min(room, highest - self.rise[i][chain[k - 1]])
                above = lowest + self.rise[chain[k - 1]][i]
            if room < 0 or (below < 0 and above > room):
                return []
            ranges.append((0 if below >= 0 else above, room if above <= room else below))
        return ranges


Placed = tuple[int, list[int]]  # bytes of arena, offsets


def _search(problem: _Problem, bound: int, chain: list[int]) -> Placed:
    """Orders by chain, size and lifetime; where they miss the bound, others close to them."""
    buffers, sizes = problem.buffers, problem.sizes
    numbers = range(len(buffers))
    orders = [
        chain or list(numbers),
        sorted(numbers, key=lambda i: (-sizes[i], buffers[i].first, i)),
        sorted(numbers, key=lambda i: (buffers[i].first, -sizes[i], i)),
        sorted(numbers, key=lambda i: (-sizes[i] * (buffers[i].last - buffers[i].first + 1), i)),
    ]
    if len(buffers) <= EXHAUSTIVE:
        orders += map(list, itertools.permutations(numbers))
    plans = [(problem.top(offsets), offsets) for offsets in map(problem.place, orders)]
    best = min(plans, key=lambda p: p[0])
    if len(buffers) > EXHAUSTIVE:
        moves = PLACEMENTS // len(buffers) // len(orders)
        for order, placed in zip(orders, plans, strict=True):
            if best[0] > bound:
                best = min(best, _improve(problem, order, placed, moves, bound), key=lambda p: p[0])
    return best


def _improve(problem: _Problem, order: list[int], placed: Placed, moves: int, bound: int) -> Placed:
    """Moves one buffer of the order at a time, half of the time the one that lies highest."""
    chance = random.Random(0)
    for _ in range(moves):
        top, offsets = placed
        if top <= bound:
            break
        highest = [i for i in order if offsets[i] + problem.sizes[i] == top]
        moved = chance.choice(highest if chance.random() < 0.5 else order)
        changed = [i for i in order if i != moved]
        changed.insert(chance.randrange(len(order)), moved)
        new = problem.place(changed)
        if problem.top(new) <= top:
            order, placed = changed, (problem.top(new), new)
    return placed
