"""The counts of a run: by instruction, by region and by pass.

    counted = Counted.of(recording.read(content, "counts of a.elf"))
    counted.tally(region=2).instructions     # of all passes
    counted.tally(pass_=0).executed          # (I,), parallel to counted.code.address

Everything here is pure; counts are exact integers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from boardless.core.errors import BadInput
from boardless.cycles.recording import FIXED_COLUMNS, Recording

OUTSIDE = -1

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Code:
    """Every instruction that was executed at least once, by address; I of them."""

    address: npt.NDArray[np.uint64]  # (I,) strictly increasing
    size: npt.NDArray[np.uint8]  # (I,) bytes
    content: tuple[bytes, ...]  # (I,) the instruction's bytes as they lay in memory


@dataclass(frozen=True, eq=False)
class Tally:
    """The counts of one stretch of the run: an inference, a region, or everything together."""

    executed: Int64s  # (I,) how often the instruction was executed
    fallthrough: Int64s  # (I,) of these, entered by fall-through; the rest are branch targets
    events: Mapping[str, Int64s]  # (I,) each; cache misses by name; empty without a simulated cache
    interrupts: int = 0  # handlers that began meanwhile; what they executed is not in here, ...
    interrupts_kept: int = 0  # ... but for this many, whose end was not seen

    @property
    def instructions(self) -> int:
        return int(self.executed.sum())

    def __add__(self, other: Tally) -> Tally:
        names = dict.fromkeys([*self.events, *other.events])
        none = np.zeros_like(self.executed)
        return Tally(
            self.executed + other.executed,
            self.fallthrough + other.fallthrough,
            {n: self.events.get(n, none) + other.events.get(n, none) for n in names},
            self.interrupts + other.interrupts,
            self.interrupts_kept + other.interrupts_kept,
        )


# ---- passes, segment by segment ----


@dataclass
class _State:
    """Counts of one region in one pass."""

    values: Int64s  # (segments, V)
    interrupts: int = 0
    interrupts_kept: int = 0


class _Passes:
    """Steps through the passes of a recording: `at(n)` is quick for n in rising order."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.ends = np.cumsum([n for _, n in recording.passes], dtype=np.int64)
        self.regions = sorted({c.region for changes, _ in recording.passes for c in changes})
        self.group = -1
        self.states: dict[int, _State] = {}

    def group_of(self, passes: int | Int64s) -> Int64s:
        """Returns which group of equal passes each of `passes` is in, of the same shape."""
        return np.searchsorted(self.ends, passes, side="right").astype(np.int64)

    def at(self, group: int) -> dict[int, _State]:
        """State of each region in a group of equal passes; valid until the next call."""
        if group < self.group or self.group < 0:
            shape = (len(self.recording.segments), len(self.recording.columns))
            self.states = {r: _State(np.zeros(shape, np.int64)) for r in self.regions}
            self.group = -1
        while self.group < group:
            self.group += 1
            for change in self.recording.passes[self.group][0]:
                state = self.states[change.region]
                np.add.at(state.values, change.segments, change.difference)
                state.interrupts = change.interrupts
                state.interrupts_kept = change.interrupts_kept
        return self.states


class _Layout:
    """The places of the segments of a recording among the instructions of a Code."""

    def __init__(self, code: Code, recording: Recording) -> None:
        segments = recording.segments
        addresses = np.array([s.address for s in segments], np.uint64)
        lengths = np.array([len(s.sizes) for s in segments], np.int64)
        first = np.searchsorted(code.address, addresses).astype(np.int64)
        ran = _executed(recording)
        last = np.array([s.address + sum(s.sizes[:-1]) for s in segments], np.uint64)
        where = np.searchsorted(code.address, last)
        # Another instruction that ran lies between the two, in the middle of one of these.
        if torn := (addresses[ran & (where != first + lengths - 1)]).tolist():
            raise BadInput(
                f"the code at {torn[0]:#x} ran from the middle of an instruction, too",
                hint="programs that read code in two ways cannot be counted",
            )
        self.first = np.where(ran, first, 0)  # (segments,)
        self.stop = np.where(ran, first + lengths, 0)
        self.count = len(code.address)

    def spread(self, values: Int64s, fallthrough: Int64s | None = None) -> Int64s:
        """Returns (I,) from (segments,): the value at each instruction of a segment, and at its
        first one the value in `fallthrough`, where that is given."""
        steps = np.zeros(self.count + 1, np.int64)
        np.add.at(steps, self.first, values)
        np.subtract.at(steps, self.stop, values)
        total = np.cumsum(steps)[:-1]
        if fallthrough is not None:
            np.add.at(total, self.first, fallthrough - values)
        return total

    def place(self, values: Int64s, *, last: bool) -> Int64s:
        """(segments,) -> (I,): at one end of the segment alone."""
        total = np.zeros(self.count, np.int64)
        np.add.at(total, self.stop - 1 if last else self.first, values)
        return total


# ---- what others use ----


@dataclass(frozen=True, eq=False)
class Counted:
    """One counted run, of one device or of several."""

    code: Code
    regions: tuple[int, ...]  # that occur, in order; OUTSIDE (-1) is everything in no pass
    passes: int  # how often the whole sequence of regions ran (inferences)
    recordings: tuple[Recording, ...] = field(repr=False)
    order: tuple[tuple[int, int], ...] = field(repr=False)  # pass -> (recording, its pass)

    @classmethod
    def of(cls, *recordings: Recording, order: Sequence[tuple[int, int]] | None = None) -> Counted:
        """`order` says which pass of which recording is pass 0, 1, ...; passes that are not in it
        do not count. Without it all of them, one recording after the other."""
        if order is None:
            order = [(k, p) for k, r in enumerate(recordings) for p in range(r.count)]
        code = _code(recordings)
        regions = {c.region for r in recordings for changes, _ in r.passes for c in changes}
        return cls(code, (OUTSIDE, *sorted(regions)), len(order), recordings, tuple(order))

    @cached_property
    def _parts(self) -> list[tuple[_Passes, _Layout]]:
        return [(_Passes(r), _Layout(self.code, r)) for r in self.recordings]

    @cached_property
    def instructions(self) -> Int64s:
        """(passes,) of each pass."""
        result = np.zeros(self.passes, np.int64)
        for k, recording in enumerate(self.recordings):
            lengths = np.array([len(s.sizes) for s in recording.segments], np.int64)
            steps = [
                sum(int(c.difference[:, 0] @ lengths[c.segments]) for c in changes)
                for changes, _ in recording.passes
            ]
            of_group = np.cumsum(np.array(steps, np.int64))
            order = np.array(self.order, np.int64).reshape(-1, 2)
            places = np.flatnonzero(order[:, 0] == k)
            result[places] = of_group[self._parts[k][0].group_of(order[places, 1])]
        return result

    @cached_property
    def _totals(self) -> dict[int | None, Tally]:
        return {}

    def tally(self, region: int | None = None, pass_: int | None = None) -> Tally:
        """Returns the counts of one region, or of all but OUTSIDE; of one pass, or of all
        together."""
        if region is not None and region not in self.regions:
            raise BadInput(
                f"region {region} did not occur", hint=f"these did: {_list(self.regions)}"
            )
        if region == OUTSIDE:
            if pass_ is not None:
                raise BadInput("what lies outside of the passes belongs to none of them")
            return self._outside()
        if pass_ is None:
            if region not in self._totals:
                self._totals[region] = self._sum(region)
            return self._totals[region]
        if not 0 <= pass_ < self.passes:
            raise BadInput(f"pass {pass_} did not occur", hint=f"there were {self.passes}")
        recording, number = self.order[pass_]
        steps, layout = self._parts[recording]
        source = self.recordings[recording]
        state = _pick(source, steps.at(int(steps.group_of(number))), region)
        return self._expand(layout, source, state)

    def _sum(self, region: int | None) -> Tally:
        """Adds up segment by segment, pass by pass, and expands once per recording."""
        result = self._nothing()
        for k, recording in enumerate(self.recordings):
            steps, layout = self._parts[k]
            total = _State(np.zeros((len(recording.segments), len(recording.columns)), np.int64))
            numbers = np.array([p for part, p in self.order if part == k], np.int64)
            groups, times = np.unique(steps.group_of(numbers), return_counts=True)
            for group, n in zip(groups.tolist(), times.tolist(), strict=True):
                state = _pick(recording, steps.at(int(group)), region)
                total.values += n * state.values
                total.interrupts += n * state.interrupts
                total.interrupts_kept += n * state.interrupts_kept
            result += self._expand(layout, recording, total)
        return result

    def _outside(self) -> Tally:
        result = self._nothing()
        for k, recording in enumerate(self.recordings):
            change = recording.outside
            state = _State(np.zeros((len(recording.segments), len(recording.columns)), np.int64))
            np.add.at(state.values, change.segments, change.difference)
            state.interrupts, state.interrupts_kept = change.interrupts, change.interrupts_kept
            result += self._expand(self._parts[k][1], recording, state)
        return result

    def _nothing(self) -> Tally:
        none = np.zeros(len(self.code.address), np.int64)
        return Tally(none, none, {})

    def _expand(self, layout: _Layout, recording: Recording, state: _State) -> Tally:
        values = state.values
        executed, fallthrough = values[:, 0], values[:, 1]
        events = {
            name: layout.place(values[:, len(FIXED_COLUMNS) + k], last=is_data(name))
            for k, name in enumerate(recording.columns[len(FIXED_COLUMNS) :])
        }
        return Tally(
            layout.spread(executed),
            layout.spread(executed, fallthrough),
            events,
            state.interrupts,
            state.interrupts_kept,
        )

    def each(self, region: int | None = None) -> Iterator[Tally]:
        """The tallies of pass 0, 1, ..."""
        return (self.tally(region, p) for p in range(self.passes))


def is_data(event: str) -> bool:
    """Returns True for a cache event of a data access, False for one of a code fetch."""
    return event.endswith(("_read_miss", "_write_miss"))


def _pick(recording: Recording, states: dict[int, _State], region: int | None) -> _State:
    """Returns the state of one region, or the sum of all."""
    total = _State(np.zeros((len(recording.segments), len(recording.columns)), np.int64))
    for number, state in states.items():
        if region is None or number == region:
            total.values += state.values
            total.interrupts += state.interrupts
            total.interrupts_kept += state.interrupts_kept
    return total


def _executed(recording: Recording) -> npt.NDArray[np.bool_]:
    """(segments,): whether it ever was."""
    ran = np.zeros(len(recording.segments), np.bool_)
    for change in [*(c for changes, _ in recording.passes for c in changes), recording.outside]:
        ran[change.segments[change.difference[:, 0] != 0]] = True
    return ran


def _code(recordings: Sequence[Recording]) -> Code:
    """Every instruction that was executed, once; BadInput where code changed while it ran."""
    found: dict[int, bytes] = {}
    for recording in recordings:
        for segment, ran in zip(recording.segments, _executed(recording), strict=True):
            at = 0
            if not ran:  # translated, perhaps from data that lies behind code
                continue
            for size in segment.sizes:
                address, content = segment.address + at, segment.content[at : at + size]
                old = found.get(address, content)
                if not (old.startswith(content) or content.startswith(old)):
                    raise BadInput(
                        f"the code at {address:#x} changed while it ran",
                        hint="programs that load code over other code cannot be counted",
                    )
                found[address] = min(old, content, key=len)
                at += size
    addresses = np.array(sorted(found), np.uint64)
    sizes = np.array([len(found[int(a)]) for a in addresses], np.uint64)
    # QEMU 7 looks at the instruction behind the end of a block, and hands its first bytes out as
    # if they belonged to the last one.
    sizes[:-1] = np.minimum(sizes[:-1], np.diff(addresses))
    contents = tuple(found[int(a)][: int(n)] for a, n in zip(addresses, sizes, strict=True))
    return Code(addresses, sizes.astype(np.uint8), contents)


def _list(regions: Sequence[int]) -> str:
    return ", ".join(map(str, regions))
