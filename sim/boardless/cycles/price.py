"""Turns counts into cycles: the cost of each executed instruction, as a linear function.

    w = weights(cores.load("cortex-m4"), None, counted.code, counted.tally())
    cycles(w, counted.tally(region=3)).sum()

An instruction's price depends on those before it. Each way to reach it (by fall-through, by a
branch) has its own price: the mean over the pipeline states in which the run reached it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from boardless.core.errors import BadInput
from boardless.cycles.cores import Core
from boardless.cycles.counts import Code, Tally
from boardless.cycles.decode import Instruction, instructions
from boardless.cycles.fetch import Fetcher
from boardless.cycles.parts import Part
from boardless.cycles.pipeline import Pipeline, State

Float64s = npt.NDArray[np.float64]
SWEEPS = 2  # the first knows nothing of what was before a jump, the second does
MOST_STATES = 12  # kept apart at one place


@dataclass(frozen=True)
class Weights:
    """Cycles per instruction (I,), none negative."""

    branch_target: Float64s  # entered by a jump
    fallthrough: Float64s  # entered from the instruction that lies before it
    taken_exit: Float64s  # on top, when it was left by a jump
    contiguous: npt.NDArray[np.bool_]  # the previous row ends where this one begins
    events: Mapping[str, float] = field(default_factory=dict)  # per event


def weights(
    core: Core,
    part: Part | None,
    code: Code,
    totals: Tally,
    decoded: Sequence[Instruction] | None = None,
) -> Weights:
    """Prices; `totals` tells by which way a place is usually reached. BadInput where the core has
    no such instruction. Without a part: memory without wait states. `decoded` (I,) replaces the
    contents of `code`, where those were not kept."""
    if part is not None and part.core != core.name:
        what = f"{part.name} has a {part.core}, not a {core.name}"
        raise BadInput(what, hint="leave out one of them")
    if decoded is None:
        decoded = instructions(core.isa, code.address.tolist(), code.content)
    check(core, code, decoded)
    memory = part.memory(code, decoded, totals) if part is not None else None
    fetcher = Fetcher(core.fetch, memory) if core.fetch is not None else None
    walk = Walk(Pipeline(core, fetcher), code, decoded, totals)
    branch_target, fallthrough = walk.prices()
    taken_exit = np.array([walk.pipeline.taken(i.kind) if i.branches else 0.0 for i in decoded])
    if core.prediction is not None:
        surprise(walk, core.prediction.missed, taken_exit, fallthrough)
    if part is None:
        return Weights(branch_target, fallthrough, taken_exit, walk.contiguous)
    late = part.literal_waits(code, decoded, totals)
    return Weights(
        branch_target + late, fallthrough + late, taken_exit, walk.contiguous, part.events(totals)
    )


def cycles(weights: Weights, tally: Tally) -> Float64s:
    """Cycles (I,) of each instruction in that stretch; sums of stretches are exact sums."""
    stayed = np.zeros(len(tally.executed), np.int64)
    stayed[:-1] = np.where(weights.contiguous[1:], tally.fallthrough[1:], 0)
    priced: Float64s = (
        weights.branch_target * (tally.executed - tally.fallthrough)
        + weights.fallthrough * tally.fallthrough
    )
    priced += weights.taken_exit * (tally.executed - stayed)
    for name, cost in weights.events.items():
        if name in tally.events:
            priced += cost * tally.events[name]
    return priced


def check(core: Core, code: Code, decoded: Sequence[Instruction]) -> None:
    """Refuses what the core cannot execute, naming the first such instruction."""
    priced = {kind for rule in core.cost for kind in rule.kinds}
    for address, content, now in zip(code.address, code.content, decoded, strict=True):
        where = f"0x{int(address):x}"
        if now.kind == "unknown":
            raise BadInput(f"cannot decode {content.hex(' ')}", where=where, hint=_UNKNOWN)
        if now.feature not in core.features:
            what = f"{core.name} has no {now.text.split()[0]!r} ({now.feature}): {now.text}"
            raise BadInput(what, where=where, hint="count a build for that core")
        if now.kind not in priced:
            what = f"{core.name} has no price for {now.kind!r}: {now.text}"
            raise BadInput(what, where=where, hint=f"add a [[cost]] to cores/{core.name}.toml")


_UNKNOWN = "is it code for this instruction set? See cycles/decode"


class Walk:
    """Follows the code in the order of memory, with the states that reach each instruction."""

    def __init__(
        self, pipeline: Pipeline, code: Code, decoded: Sequence[Instruction], totals: Tally
    ) -> None:
        self.pipeline, self.decoded = pipeline, decoded
        self.address: list[int] = code.address.tolist()
        ends = code.address + code.size
        self.contiguous = np.zeros(len(decoded), np.bool_)
        self.contiguous[1:] = ends[:-1] == code.address[1:]
        self.fallthrough: list[int] = totals.fallthrough.tolist()
        self.branch_target: list[int] = (totals.executed - totals.fallthrough).tolist()
        stayed = np.append(np.where(self.contiguous[1:], totals.fallthrough[1:], 0), 0)
        self.stayed: list[int] = stayed.tolist()
        self.taken_exit: list[int] = (totals.executed - stayed).tolist()
        self.arrivals = self._direct_branches()

    def _direct_branches(self) -> dict[int, list[int]]:
        """Target's index -> indices of the direct branches that were taken to it. The last
        instruction of a loop without branches, as Xtensa has it, is one of them."""
        index = {address: i for i, address in enumerate(self.address)}
        found: dict[int, list[int]] = {}
        for i, now in enumerate(self.decoded):
            if now.kind == "loop_start" and now.distance is not None:
                last = index.get(self.address[i] + now.distance, len(self.address)) - 1
                if i < last and self.taken_exit[last] > 0:
                    found.setdefault(i + 1, []).append(last)
                continue
            if now.distance is not None and self.taken_exit[i] > 0:
                target = index.get(self.address[i] + now.distance)
                if target is not None:
                    found.setdefault(target, []).append(i)
        return found

    def prices(self) -> tuple[Float64s, Float64s]:
        """Cycles (I,) when reached by a jump, and when by falling through."""
        exits: dict[int, dict[State, float]] = {}
        for _ in range(SWEEPS):
            branch_target, fallthrough, exits = self._sweep(exits)
        return branch_target, fallthrough

    def _sweep(
        self, exits: Mapping[int, Mapping[State, float]]
    ) -> tuple[Float64s, Float64s, dict[int, dict[State, float]]]:
        branch_target, fallthrough = np.zeros(len(self.decoded)), np.zeros(len(self.decoded))
        wanted = {branch for branches in self.arrivals.values() for branch in branches}
        found: dict[int, dict[State, float]] = {}
        after: dict[State, float] = {}
        for i, now in enumerate(self.decoded):
            address = self.address[i]
            entered = self._entry(i, exits)
            reached = after if self.contiguous[i] and after and self.fallthrough[i] else {}
            reached = _scaled(reached, self.fallthrough[i])
            branch_target[i], taken_exit = self._all(entered, address, now)
            fallthrough[i] = branch_target[i]
            if reached:
                fallthrough[i], straight = self._all(reached, address, now)
                taken_exit = _merged(taken_exit if self.branch_target[i] else {}, straight)
            after = _fewest(taken_exit)
            if i in wanted:
                found[i] = after
        return branch_target, fallthrough, found

    def _entry(self, i: int, exits: Mapping[int, Mapping[State, float]]) -> dict[State, float]:
        """States in which instruction i begins when branch_target to, with how often."""
        address, rest = self.address[i], float(self.branch_target[i])
        entered: dict[State, float] = {}
        for branch in self.arrivals.get(i, ()):
            kind, times = self.decoded[branch].kind, min(rest, float(self.taken_exit[branch]))
            if times <= 0:
                continue
            for state, n in _scaled(exits.get(branch, {}), times).items():
                arrived = self.pipeline.after_jump(state, kind, address)
                entered[arrived] = entered.get(arrived, 0.0) + n
                rest -= n
        if rest > 0 or not entered:
            fresh = self.pipeline.fresh(address)
            entered[fresh] = entered.get(fresh, 0.0) + max(rest, 1e-9)
        return _fewest(entered)

    def _all(
        self, states: Mapping[State, float], address: int, now: Instruction
    ) -> tuple[float, dict[State, float]]:
        """The mean price over these states, and the states after it."""
        total, spent = 0.0, 0.0
        after: dict[State, float] = {}
        for state, n in states.items():
            following, cost = self.pipeline.step(state, address, now)
            spent += n * cost
            total += n
            after[following] = after.get(following, 0.0) + n
        return spent / total, after


def surprise(walk: Walk, missed: float, taken_exit: Float64s, fallthrough: Float64s) -> None:
    """A branch that goes its rarer way was predicted wrongly."""
    for i, now in enumerate(walk.decoded):
        if now.branches and not now.always_leaves:
            if walk.taken_exit[i] <= walk.stayed[i]:
                taken_exit[i] += missed
            elif i + 1 < len(walk.decoded) and walk.contiguous[i + 1]:
                fallthrough[i + 1] += missed


def _scaled(states: Mapping[State, float], total: float) -> dict[State, float]:
    now = sum(states.values())
    return {state: n * total / now for state, n in states.items()} if now else {}


def _merged(one: Mapping[State, float], other: Mapping[State, float]) -> dict[State, float]:
    return {s: one.get(s, 0.0) + other.get(s, 0.0) for s in (*one, *other)}


def _fewest(states: dict[State, float]) -> dict[State, float]:
    """The most frequent ones, the rest counted as the first of them."""
    if len(states) <= MOST_STATES:
        return states
    ordered = sorted(states.items(), key=lambda item: -item[1])
    kept = dict(ordered[:MOST_STATES])
    kept[ordered[0][0]] += sum(n for _, n in ordered[MOST_STATES:])
    return kept
