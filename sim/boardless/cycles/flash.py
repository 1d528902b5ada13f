"""Waiting for flash: lines, prefetch, and how much of the code stays in a cache, from counts alone.

A line that is read again before too many others have been read is still in the cache. Two rules
estimate how often that happens. The lines of a loop that fits into the cache are read once each
time the loop is entered, whatever happens inside. And of all lines the hottest ones, as many as
fit, are pushed out at most as often as the next one is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from boardless.cycles.counts import Code, Tally
from boardless.cycles.decode import Instruction

LONG_AGO = -64.0


@dataclass(frozen=True)
class Flash:
    """Code memory behind the fetch queue; see `fetch.Memory`."""

    penalty: int  # cycles until a line that is nowhere near is there
    line_bytes: int
    prefetch: bool
    cached: Reuse | None

    def missed(self, address: int) -> float:
        """Returns the share (0..1) of visits on which the line has to be read from flash."""
        return 1.0 if self.cached is None else self.cached.missed(address)

    def begin(self, address: int) -> tuple[float, float]:
        """Returns the waits after a jump; see `fetch.Memory`."""
        late = self.penalty * self.missed(address)
        return late, late + 1.0 + self.penalty if self.prefetch else LONG_AGO

    def wait(self, address: int, asked: float, line_ready: float) -> tuple[float, float]:
        """Returns the waits in a row of words; see `fetch.Memory`."""
        if address % self.line_bytes:
            return 0.0, line_ready
        late = max(0.0, line_ready - asked) if self.prefetch else float(self.penalty)
        late = min(late, float(self.penalty)) * self.missed(address)
        return late, asked + late + 1.0 + self.penalty


@dataclass(frozen=True)
class Reuse:
    """Per line: how often it has to be read again when it is reached."""

    line_bytes: int
    ratio: Mapping[int, float]  # by line number

    def missed(self, address: int) -> float:
        """Returns a share between 0 and 1; 1 for a line that the run did not reach."""
        return self.ratio.get(address // self.line_bytes, 1.0)

    @staticmethod
    def of(
        code: Code,
        decoded: Sequence[Instruction],
        totals: Tally,
        places: Sequence[int],
        line_bytes: int,
        lines: int,
    ) -> Reuse:
        """Estimates the reuse of lines; `places` (I,) are the addresses that instructions read, or
        -1."""
        graph = _Loops(code, decoded, totals)
        line_of = [place // line_bytes if place >= 0 else -1 for place in places]
        reached: dict[int, float] = {}
        for i, line in enumerate(line_of):
            if line >= 0:
                same = i > 0 and graph.contiguous[i] and line_of[i - 1] == line
                n = (
                    graph.branch_target[i]
                    if same and places[i] == graph.address[i]
                    else graph.executed[i]
                )
                reached[line] = reached.get(line, 0.0) + n
        hottest = sorted(reached.values(), reverse=True)
        others = hottest[lines] if len(hottest) > lines else 1.0  # may push a hotter line out
        read = {line: min(n, others) for line, n in reached.items()}
        for entered, members in graph.loops():
            held = {line_of[i] for i in members} - {-1}
            if len(held) <= lines:
                for line in held:
                    read[line] = min(read[line], entered)
        ratio = {line: min(1.0, read[line] / n) if n else 1.0 for line, n in reached.items()}
        return Reuse(line_bytes, ratio)


class _Loops:
    """Loops of the code that ran: from the target of a branch backwards to the branch, with the
    functions called from there."""

    def __init__(self, code: Code, decoded: Sequence[Instruction], totals: Tally) -> None:
        self.decoded = decoded
        self.address: list[int] = code.address.tolist()
        self.index = {address: i for i, address in enumerate(self.address)}
        ends = (code.address + code.size).tolist()
        count = len(decoded)
        self.contiguous = [i > 0 and ends[i - 1] == self.address[i] for i in range(count)]
        self.executed: list[int] = totals.executed.tolist()
        fallthrough: list[int] = totals.fallthrough.tolist()
        self.branch_target = [n - f for n, f in zip(self.executed, fallthrough, strict=True)]
        self.left = [
            self.executed[i]
            - (fallthrough[i + 1] if i + 1 < count and self.contiguous[i + 1] else 0)
            for i in range(count)
        ]
        self.target = [self._target(i) for i in range(count)]
        calls = [t for t, now in zip(self.target, decoded, strict=True) if now.kind == "call"]
        self.begins = sorted({0} | {t for t in calls if t is not None})
        self.callees: dict[int, frozenset[int]] = {}

    def _target(self, i: int) -> int | None:
        distance = self.decoded[i].distance
        if distance is None or self.left[i] <= 0:
            return None
        return self.index.get(self.address[i] + distance)

    def loops(self) -> list[tuple[float, frozenset[int]]]:
        """Returns each loop: how often it was entered, and the instructions in it."""
        back: dict[int, list[int]] = {}
        for i, target in enumerate(self.target):
            if target is not None and target <= i and self.decoded[i].kind != "call":
                back.setdefault(target, []).append(i)
        found = []
        for begin, branches in back.items():
            end = max(branches)
            again = sum(self.left[i] for i in branches)
            entered = max(1, self.executed[begin] - again)
            inside = [i for i in range(begin, end + 1) if self.executed[i] >= entered / 2]
            members = set(inside)
            for i in inside:
                if self.decoded[i].kind == "call" and self.target[i] is not None:
                    members |= self.function(self.target[i] or 0)
            found.append((float(entered), frozenset(members)))
        return found

    def function(self, begin: int) -> frozenset[int]:
        """Returns the instructions that run when the function that begins there is called."""
        if begin not in self.callees:
            self.callees[begin] = frozenset()  # a recursive call adds nothing
            later = [b for b in self.begins if b > begin]
            end = later[0] if later else len(self.decoded)
            members = set(range(begin, end))
            for i in range(begin, end):
                target = self.target[i]
                if self.decoded[i].kind == "call" and target is not None:
                    members |= self.function(target)
            self.callees[begin] = frozenset(members)
        return self.callees[begin]
