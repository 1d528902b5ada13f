"""A counted run -> cycles per inference, layer and function, for any number of cores and parts.

    cycles = [estimate(counted, target) for target in targets(["cortex-m4"], ["stm32l4r5"])]

Pure but for reading the core and part tables. Prices are linear in the counts, so that layers and
glue add up to the inference, and functions to their layer.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from boardless.cycles import calibration, cores, parts, price
from boardless.cycles.calibration.digest import digest
from boardless.cycles.counts import OUTSIDE, Counted
from boardless.cycles.image import Symbol

UNKNOWN = "?"  # a function that has no name


@dataclass(frozen=True)
class Target:
    """What cycles are estimated for: a core with memory that never waits, or a part, which is a
    core at its usual clock behind its flash and caches."""

    core: cores.Core
    part: parts.Part | None = None

    @property
    def name(self) -> str:
        return self.part.name if self.part else self.core.name

    @property
    def clock_hz(self) -> int | None:
        return self.part.clock_hz if self.part else None


@dataclass(frozen=True)
class Cycles:
    """The estimate for one target, with the error that its model has shown against boards."""

    target: Target
    inferences: tuple[float, ...]  # whole, in the order of the pictures
    regions: dict[int, float]  # of the first inference: layers, and what lies between them
    error: calibration.Error | None  # None: no measured board to compare with
    table: str  # digest of all that prices depend on: figures of another one do not compare

    @property
    def median(self) -> float:
        """Cycles of the median inference, the lower of the two in the middle."""
        return statistics.median_low(self.inferences)

    @property
    def told(self) -> str:
        """What it was estimated for, and how far off that may be."""
        core = self.target.core
        name = core.name if self.target.part is None else f"{self.target.name}, {core.name}"
        return f"{name}, {self.error or core.status}"

    def milliseconds(self, cycles: float) -> float | None:
        return 1e3 * cycles / self.target.clock_hz if self.target.clock_hz else None


@dataclass(frozen=True)
class Line:
    """One function within one region, of one inference or of a whole run."""

    region: int
    function: str
    calls: int  # 0 where it is only returned to
    instructions: int
    cycles: tuple[float, ...]  # for each target


def targets(core_names: Iterable[str], part_names: Iterable[str]) -> tuple[Target, ...]:
    """Cores first; BadInput for unknown names."""
    alone = [Target(cores.load(name)) for name in dict.fromkeys(core_names)]
    placed = [parts.load(name) for name in dict.fromkeys(part_names)]
    return (*alone, *(Target(cores.load(part.core), part) for part in placed))


def estimate(counted: Counted, target: Target) -> Cycles:
    """Cycles of every inference, and of the first one's regions; BadInput where the core cannot
    execute the code. A run without regions is one inference."""
    weights = _weights(counted, target)
    each = [*counted.each()] or [counted.tally(OUTSIDE)]
    regions = [k for k in counted.regions if k != OUTSIDE and counted.passes]
    names = (target.core.name, target.part.name if target.part else None)
    return Cycles(
        target=target,
        inferences=tuple(float(price.cycles(weights, tally).sum()) for tally in each),
        regions={k: float(price.cycles(weights, counted.tally(k, pass_=0)).sum()) for k in regions},
        error=calibration.error(*names),
        table=digest(*names),
    )


def lines(
    counted: Counted,
    functions: Sequence[Symbol],
    wanted: Iterable[Target],
    regions: Iterable[int],
    pass_: int | None = None,
) -> tuple[Line, ...]:
    """By region, then by address of the function; of one inference, or of all together.
    `functions` are sorted by address and do not overlap."""
    code = counted.code
    rows = belonging(code.address, functions)
    starts = np.array([f.address for f in functions] or [0], np.uint64)
    entry = (rows >= 0) & (code.address == starts[np.maximum(rows, 0)])
    weights = [_weights(counted, target) for target in wanted]
    found = []
    for region in regions:
        if region == OUTSIDE and pass_ is not None:
            continue
        tally = counted.tally(region=region, pass_=pass_)
        priced = [price.cycles(w, tally) for w in weights]
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


def _weights(counted: Counted, target: Target) -> price.Weights:
    totals = counted.tally() if counted.passes else counted.tally(OUTSIDE)
    return price.weights(target.core, target.part, counted.code, totals)
