"""Energy of an inference: a part's mean power, as published, times the estimated time.

energy.load("stm32l4r5").millijoules(0.1)      # of 0.1 s
energy.load("stm32f407")                       # None: nothing is published

Power is that of the part while it computes, of the conditions that `power/<part>.toml` names. It
belongs to one clock. Its error is computed from the same rows: each row's energy is predicted from
the mean power of the others and its own measured time. What the estimated time is off by comes on
top.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec

from boardless.core import checked
from boardless.core.errors import BadInput

FOLDER = Path(__file__).with_name("power")
CLOCK_TOLERANCE = 0.01
LEAST_ROWS = 2  # one row cannot be predicted from others


class EnergyRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One published measurement."""

    system: str  # the runtime and who measured it
    task: str
    microjoules: float  # of an inference
    per_second: float  # inferences, in the same measurement

    @property
    def watts(self) -> float:
        return 1e-6 * self.microjoules * self.per_second


class Power(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file in power/."""

    part: str
    clock_hz: int
    conditions: str  # whose board, which supply, how far others' rows lie apart
    source: str
    row: tuple[EnergyRow, ...]

    @property
    def watts(self) -> float:
        """Returns the mean power of all rows."""
        return statistics.fmean(row.watts for row in self.row)

    @property
    def errors(self) -> tuple[float, ...]:
        """Returns, per row, by how many percent the mean power of the others is off."""
        rows = [row.watts for row in self.row]
        others = [(sum(rows) - own) / (len(rows) - 1) for own in rows]
        return tuple(100 * (o / own - 1) for o, own in zip(others, rows, strict=True))

    def millijoules(self, seconds: float) -> float:
        return 1e3 * self.watts * seconds


@dataclass(frozen=True)
class Estimate:
    """The energy of one inference, and how far predictions by mean power are off."""

    millijoules: float
    mean_percent: float
    worst_percent: float
    rows: int

    def __str__(self) -> str:
        off = f"power ±{self.mean_percent:.1f} % mean, {self.worst_percent:.1f} % worst"
        return f"est. {self.millijoules:.3g} mJ ({off} of {self.rows} published rows)"


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


@cache
def load(part: str) -> Power | None:
    """Returns the power of a part; None where nothing is published. BadInput where its file is
    wrong."""
    path = FOLDER / f"{part}.toml"
    if part not in names():
        return None
    power = checked.file(path, Power)
    if power.part != part or len(power.row) < LEAST_ROWS:
        what = f"needs part = {part!r} and at least {LEAST_ROWS} rows"
        raise BadInput(what, where=str(path))
    if any(min(row.microjoules, row.per_second) <= 0 for row in power.row):
        raise BadInput("energies and rates must be above 0", where=str(path))
    return power


def estimate(part: str, clock_hz: int, seconds: float) -> Estimate | None:
    """Returns the energy of so many seconds of computing; None where the power of that part at
    that clock is not published."""
    power = load(part)
    if power is None or abs(clock_hz / power.clock_hz - 1) > CLOCK_TOLERANCE:
        return None
    off = [abs(error) for error in power.errors]
    return Estimate(power.millijoules(seconds), statistics.fmean(off), max(off), len(off))
