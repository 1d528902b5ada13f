"""Instructions in a row through a core's pipeline: when does each begin, what does it add?

    pipeline = Pipeline(cores.load("cortex-m4"))
    state, cycles = pipeline.step(pipeline.fresh(0), address, instruction)

Times are in cycles, relative to the moment at which everything before is done. A state holds what
the next instruction depends on and nothing else, so that different pasts soon make equal states.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from boardless.cycles.cores import ANY, Core, Cost, SingleIssue, fits, fits_both
from boardless.cycles.decode import Instruction
from boardless.cycles.fetch import Fetcher, Queue

FORWARDED = 24.0  # cycles after which a result is surely there


class Result(NamedTuple):
    """Registers that an instruction wrote, which began `begun` (negative: before now)."""

    registers: int
    writer: Instruction
    begun: float


class State(NamedTuple):
    """The pipeline state that the next instruction can depend on."""

    before: Instruction | None  # the instruction before, if it did not branch
    partner: Instruction | None  # issued in the last cycle, and one may still join
    results: tuple[Result, ...]  # still on their way
    queue: Queue | None  # fetched words


class Pipeline:
    """A core's rules, looked up once per kind of instruction."""

    def __init__(self, core: Core, fetcher: Fetcher | None = None) -> None:
        self.core = core
        self.fetcher = fetcher
        self._costs: dict[Instruction, float] = {}
        self._latencies: dict[tuple[Instruction, Instruction, str], float] = {}
        self._neighbours: dict[tuple[Instruction, Instruction], float] = {}
        self._pairs: dict[tuple[Instruction, Instruction], bool] = {}
        self._longest: dict[Instruction, float] = {}
        self._taken = {kind: rule.cycles for rule in core.taken for kind in rule.kinds}

    def fresh(self, address: int) -> State:
        """Just arrived by a jump, nothing known of what was before."""
        return State(None, None, (), self.fetcher.restart(address) if self.fetcher else None)

    def after_jump(self, state: State, kind: str, address: int) -> State:
        """Arrived at `address` by a taken branch of that kind, whose own end left `state`."""
        shift = self.taken(kind)
        results = self._age(state.results, shift)
        return State(None, None, results, self.fetcher.restart(address) if self.fetcher else None)

    def taken(self, kind: str) -> float:
        """Cycles that a branch of this kind adds when it is taken."""
        return self._taken.get(kind, 0.0)

    def step(self, state: State, address: int, now: Instruction) -> tuple[State, float]:
        """The state after `now` and the cycles that it added."""
        cost = self.cost(now)
        ready = self._operands_ready(state.results, now)
        queue, arrived = state.queue, -FORWARDED
        if queue is not None and self.fetcher is not None:
            arrived = self.fetcher.arrival(queue, address, now.size)
        begin = max(ready, arrived)
        paired = state.partner is not None and begin <= -1 and self.may_pair(state.partner, now)
        if paired:
            begin = -1.0
        else:
            earliest = self._offset(state.before, now) if state.before else 0.0
            begin = max(begin, earliest)
        end = max(0.0, begin + cost)
        if queue is not None and self.fetcher is not None:
            queue = self.fetcher.use(queue, address, now, begin, end)
        results = state.results
        if now.writes:
            kept = (r for r in results if r.registers & ~now.writes)
            results = (*kept, Result(now.writes, now, begin))
        results = self._age(results, end)
        open_ = (
            now if self.core.dual_issue and not paired and cost == 1 and not now.branches else None
        )
        if paired and cost == 0 and state.partner is not None:
            open_ = state.partner
        return State(now, open_, results, queue), end

    def cost(self, now: Instruction) -> float:
        """Cycles by itself, neighbours and operands apart."""
        if now not in self._costs:
            rule = self.rule(now)
            assert rule is not None, now.text  # refused before
            self._costs[now] = rule.cycles + math.ceil(rule.per_register * now.count)
        return self._costs[now]

    def rule(self, now: Instruction) -> Cost | None:
        """The rule that gives its cycles."""
        found = [rule for rule in self.core.cost if now.kind in rule.kinds and fits(rule, now)]
        return found[-1] if found else None

    def may_pair(self, older: Instruction, younger: Instruction) -> bool:
        """Returns True if both may issue in the same cycle, apart from their operands."""
        key = (older, younger)
        if key not in self._pairs:
            allowed = any(
                _among(older, rule.older)
                and _among(younger, rule.younger)
                and fits_both(rule, older, younger)
                for rule in self.core.dual_issue
            )
            forbidden = any(_excludes(rule, older, younger) for rule in self.core.single_issue)
            self._pairs[key] = allowed and not forbidden
        return self._pairs[key]

    def _offset(self, before: Instruction, now: Instruction) -> float:
        key = (before, now)
        if key not in self._neighbours:
            fitting = (
                rule.cycles
                for rule in self.core.neighbours
                if _among(before, rule.first)
                and _among(now, rule.then)
                and fits_both(rule, before, now)
            )
            self._neighbours[key] = sum(fitting)
        return self._neighbours[key]

    def _operands_ready(self, results: tuple[Result, ...], now: Instruction) -> float:
        ready = -FORWARDED
        for registers, writer, begun in results:
            used = registers & now.reads
            if used:
                for role in _roles(now, used):
                    ready = max(ready, begun + self._latency(writer, now, role))
        return ready

    def _latency(self, writer: Instruction, user: Instruction, role: str) -> float:
        key = (writer, user, role)
        if key not in self._latencies:
            latency = self.cost(writer)
            for rule in self.core.latency:
                if (
                    writer.kind in rule.of
                    and (role in rule.to or (user.kind in rule.to and role == "operand"))
                    and fits_both(rule, writer, user)
                ):
                    latency = rule.cycles
            self._latencies[key] = latency
        return self._latencies[key]

    def _age(self, results: tuple[Result, ...], by: float) -> tuple[Result, ...]:
        """Later by so much; what surely has arrived is forgotten."""
        aged = (Result(r.registers, r.writer, r.begun - by) for r in results)
        return tuple(r for r in aged if r.begun + self._last_use(r.writer) > -1)

    def _last_use(self, writer: Instruction) -> float:
        """Cycles after its begin from which on nobody has to wait for its result."""
        if writer not in self._longest:
            rules = (rule.cycles for rule in self.core.latency if writer.kind in rule.of)
            self._longest[writer] = max([self.cost(writer), *rules])
        return self._longest[writer]


def _excludes(rule: SingleIssue, older: Instruction, younger: Instruction) -> bool:
    if not rule.against:
        both = older.kind in rule.kinds and younger.kind in rule.kinds
        return both and fits(rule, older) and fits(rule, younger)
    return any(
        one.kind in rule.kinds and fits(rule, one) and _among(other, rule.against)
        for one, other in ((older, younger), (younger, older))
    )


def _among(instruction: Instruction, kinds: tuple[str, ...]) -> bool:
    return instruction.kind in kinds or ANY in kinds


def _roles(now: Instruction, used: int) -> list[str]:
    """Returns the roles in which an instruction uses these registers."""
    roles = []
    named = (("address", now.address), ("data", now.data), ("accumulator", now.accumulator))
    for role, registers in (*named, ("shifted", now.shifted), ("flags", now.flags)):
        if used & registers:
            roles.append(role)
            used &= ~registers
    if used:
        roles.append("operand")
    return roles
