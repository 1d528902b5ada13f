"""A counted run -> cycles per inference, layer and function, for any number of cores and parts.

    cycles = [estimate(counted, target) for target in targets(["cortex-m4"], ["stm32l4r5"])]

Pure but for reading the core and part tables. Prices are linear in the counts, so that layers and
overhead add up to the inference, and functions to their layer.
"""

from __future__ import annotations

import dataclasses
import hashlib
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from boardless.core import paths
from boardless.core.store import Store
from boardless.cycles import calibration, cores, energy, parts, price
from boardless.cycles.calibration.digest import digest
from boardless.cycles.counts import OUTSIDE, Counted, Tally
from boardless.cycles.image import Symbol

UNKNOWN = "?"  # a function that has no name
CLOCK_TOLERANCE = 0.01  # of a clock that was measured


@dataclass(frozen=True)
class Target:
    """A target of estimates: a core with memory that never waits, or a part, which is a core at its
    usual clock with its flash and caches."""

    core: cores.Core
    part: parts.Part | None = None

    @property
    def name(self) -> str:
        return self.part.name if self.part else self.core.name

    @property
    def clock_hz(self) -> int | None:
        return self.part.clock_hz if self.part else None

    def at(self, clock_hz: int) -> Target:
        """Returns the same part at another clock, with the wait states needed there; BadInput if
        the part does not run so fast. A clock of 0 is unknown and changes nothing."""
        if self.part is None or not clock_hz:
            return self
        if abs(clock_hz / self.part.clock_hz - 1) <= CLOCK_TOLERANCE:
            return self
        return dataclasses.replace(self, part=self.part.at(clock_hz))


@dataclass(frozen=True)
class Cycles:
    """The estimate for one target, with the error that its model has shown against boards."""

    target: Target
    inferences: tuple[float, ...]  # whole, in the order of the pictures
    regions: dict[int, float]  # of the first inference: layers, and what lies between them
    error: calibration.Error | None  # None: no measured board to compare with
    core_error: calibration.Error | None  # of the core alone, with memory that never waits
    table: str  # digest of all that prices depend on: figures of another one do not compare

    @property
    def median(self) -> float:
        """Cycles of the median inference, the lower of the two in the middle."""
        return statistics.median_low(self.inferences)

    @property
    def basis(self) -> str:
        """Names the target, and the error of its estimates."""
        core, part = self.target.core, self.target.part
        if part is None:
            return f"{core.name}, {self.error or core.status}"
        if self.error:
            return f"{part.name}, {core.name}, {self.error}"
        return (
            f"{part.name}, {core.name}: core {self.core_error or core.status}; flash and caches: "
            "estimate without board data"
        )

    def milliseconds(self, cycles: float) -> float | None:
        return 1e3 * cycles / self.target.clock_hz if self.target.clock_hz else None

    @property
    def energy(self) -> energy.Estimate | None:
        """Returns the energy of the median inference; None where the part's power at this clock is
        not published."""
        part = self.target.part
        if part is None:
            return None
        return energy.estimate(part.name, part.clock_hz, self.median / part.clock_hz)


@dataclass(frozen=True)
class Line:
    """One function within one region, of one inference or of a whole run."""

    region: int
    function: str
    calls: int  # 0 where it is only returned to
    instructions: int
    cycles: tuple[float, ...]  # for each target


def targets(core_names: Iterable[str], part_names: Iterable[str]) -> tuple[Target, ...]:
    """Returns the targets, cores first; BadInput for unknown names."""
    alone = [Target(cores.load(name)) for name in dict.fromkeys(core_names)]
    placed = [parts.load(name) for name in dict.fromkeys(part_names)]
    return (*alone, *(Target(cores.load(part.core), part) for part in placed))


def caches(wanted: Iterable[Target], low: int, high: int) -> tuple[str, ...]:
    """Returns the caches that the plugin has to simulate for the parts among `wanted`, of a program
    whose flash is low..high-1. They are named PART.icache and PART.dcache."""
    return tuple(
        f"{target.part.name}.{text}"
        for target in wanted
        if target.part
        for text in target.part.simulated(low, high)
    )


def estimate(counted: Counted, target: Target) -> Cycles:
    """Returns the cycles of every inference, and of the first one's regions; BadInput if the core
    cannot execute the code. A run without regions is one inference."""
    weights = _weights(counted, target)
    each = [*counted.each()] or [counted.tally(OUTSIDE)]
    regions = [k for k in counted.regions if k != OUTSIDE and counted.passes]
    names = (target.core.name, target.part.name if target.part else None)
    return Cycles(
        target=target,
        inferences=tuple(_cycles(weights, tally, target) for tally in each),
        regions={k: _cycles(weights, counted.tally(k, pass_=0), target) for k in regions},
        error=calibration.error(*names),
        core_error=calibration.error(target.core.name),
        table=digest(*names),
    )


def lines(
    counted: Counted,
    functions: Sequence[Symbol],
    wanted: Iterable[Target],
    regions: Iterable[int],
    pass_: int | None = None,
) -> tuple[Line, ...]:
    """Returns a line per function and region, by region, then by address; of one inference, or of
    all together. `functions` are sorted by address and do not overlap."""
    code = counted.code
    rows = belonging(code.address, functions)
    starts = np.array([f.address for f in functions] or [0], np.uint64)
    entry = (rows >= 0) & (code.address == starts[np.maximum(rows, 0)])
    every = list(wanted)
    weights = [_weights(counted, target) for target in every]
    found = []
    for region in regions:
        if region == OUTSIDE and pass_ is not None:
            continue
        tally = counted.tally(region=region, pass_=pass_)
        tallies = [own_events(tally, target) for target in every]
        priced = [price.cycles(w, t) for w, t in zip(weights, tallies, strict=True)]
        for row in np.unique(rows[tally.executed > 0]).tolist():
            here = rows == row
            line = Line(
                region=region,
                function=functions[row].name if row >= 0 else UNKNOWN,
                calls=int(tally.executed[here & entry].sum()),
                instructions=int(tally.executed[here].sum()),
                cycles=tuple(float(cycles[here].sum()) for cycles in priced),
            )
            found.append(line)
    return tuple(found)


def belonging(
    addresses: npt.NDArray[np.uint64], functions: Sequence[Symbol]
) -> npt.NDArray[np.int64]:
    """(N,) the number of the function that each address (N,) lies in, -1 where it is none."""
    if not functions:
        return np.full(len(addresses), -1, np.int64)
    starts, ends = (
        np.array(row, np.uint64) for row in zip(*(f.range for f in functions), strict=True)
    )
    rows = np.searchsorted(starts, addresses, side="right").astype(np.int64) - 1
    rows[(rows >= 0) & (addresses >= ends[np.maximum(rows, 0)])] = -1
    return rows


def own_events(tally: Tally, target: Target) -> Tally:
    """Returns a tally with only the events of the target's own simulated caches, by their plain
    names."""
    mine = f"{target.part.name}." if target.part else "."
    events = {k.removeprefix(mine): v for k, v in tally.events.items() if k.startswith(mine)}
    return dataclasses.replace(tally, events=events)


def _cycles(weights: price.Weights, tally: Tally, target: Target) -> float:
    return float(price.cycles(weights, own_events(tally, target)).sum())


def _weights(counted: Counted, target: Target) -> price.Weights:
    """Returns the prices of a run. They take half a second, so those that were computed before are
    found again by all that they depend on."""
    totals = own_events(counted.tally() if counted.passes else counted.tally(OUTSIDE), target)
    code, core, part = counted.code, target.core, target.part
    # The digest knows the modules and tables, the records what was made of them, such as the clock.
    key = hashlib.sha256(
        f"{digest(core.name, part.name if part else None)} {core} {part}\0".encode()
    )
    for array in (code.address, code.size, totals.executed, totals.fallthrough):
        key.update(array.tobytes())
    key.update(b"".join(code.content))
    for name, events in sorted(totals.events.items()):
        key.update(f"{name}\0".encode() + events.tobytes())
    prices = Store(paths.build_root() / "prices")
    found = prices.get(key.hexdigest())
    if not isinstance(found, price.Weights):
        found = price.weights(core, part, code, totals)
        prices.put(key.hexdigest(), found)
    return found
