"""Estimated cycles in words and in the JSON of the command line's contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from boardless.cycles import parts
from boardless.cycles.estimate import Cycles
from boardless.device.records import Run


@dataclass(frozen=True)
class Time:
    """The time of the median inference, on the part or the board of that name."""

    name: str
    milliseconds: float
    clock_hz: int
    note: str  # at which clock, of what, and how far off it may be


def time(run: Run) -> Time | None:
    """Returns the time on the first part whose cycles were estimated, else on the board itself,
    where its memory never waits and its clock is known; else None."""
    for number, cycles in enumerate(run.cycles):
        clock, found = cycles.target.clock_hz, cycles.milliseconds(cycles.median)
        if clock and found is not None:
            about = cycles.basis if number else cycles.target.name
            return Time(cycles.target.name, found, clock, f"at {_mhz(clock)}, {about}")
    board = run.build.board
    own = [c for c in run.cycles if c.target.core.name == board.core]
    part = parts.load(board.part) if board.part else None
    clock = part.clock_hz if part else board.clock_hz
    clock = run.counts.hardware.clock_hz if run.counts.hardware else clock
    if not own or not clock or (part and part.flash):  # its waits are not known here
        return None
    name = part.name if part else board.name
    of = name if part else f"the clock of {name}; --part estimates those of a part"
    return Time(name, 1e3 * own[0].median / clock, clock, f"at {_mhz(clock)}, {of}")


def powered(run: Run) -> Cycles | None:
    """Returns the first estimate of a run that has an energy; None where no part's power is
    published."""
    return next((cycles for cycles in run.cycles if cycles.energy), None)


def power(cycles: Cycles) -> str:
    """Returns how far off the mean power is that energies are computed with, "" without one."""
    found = cycles.energy
    if found is None:
        return ""
    off = f"±{found.mean_percent:.1f} % mean, {found.worst_percent:.1f} % worst"
    return f"est. mJ: {cycles.target.name}, power {off} of {found.rows} published rows"


def times(run: Run) -> dict[str, float]:
    """`milliseconds` of the contract, of a run: by part, else of the board itself."""
    found, own = milliseconds(run.cycles), time(run)
    return found if found or own is None else {own.name: round(own.milliseconds, 4)}


def estimates(cycles: Sequence[Cycles]) -> dict[str, dict[str, Any]]:
    """`cycles` of the command line's contract: by core or part, with what is known of the error."""
    return {c.target.name: _estimate(c) for c in cycles}


def milliseconds(cycles: Sequence[Cycles]) -> dict[str, float]:
    """`milliseconds` of the contract: of the median inference, by part."""
    times = {c.target.name: c.milliseconds(c.median) for c in cycles}
    return {name: round(time, 4) for name, time in times.items() if time is not None}


def _estimate(cycles: Cycles) -> dict[str, Any]:
    return described(cycles) | {
        "min": round(min(cycles.inferences)),
        "median": round(cycles.median),
        "max": round(max(cycles.inferences)),
    }


def described(cycles: Cycles) -> dict[str, Any]:
    """Returns the target of an estimate and its known error, as JSON."""
    target, error = cycles.target, cycles.error
    return {
        "core": target.core.name,
        "part": target.part.name if target.part else None,
        "clock_hz": target.clock_hz,
        "status": cycles.basis,
        "error_percent": round(error.mean, 2) if error else None,
        "worst_error_percent": round(error.worst, 2) if error else None,
        "error_programs": error.programs if error else 0,
        "error_held_out": {
            "programs": error.held_out.programs,
            "mean_percent": round(error.held_out.mean, 2),
            "worst_percent": round(error.held_out.worst, 2),
        }
        if error and error.held_out
        else None,
        "error_stale": bool(error and error.stale),
        "error_boards": [  # of your own
            {
                "board": board,
                "models": own.programs,
                "mean_percent": round(own.mean, 2),
                "worst_percent": round(own.worst, 2),
            }
            for board, own in (error.boards if error else ())
        ],
        "table": cycles.table,
    }


def summary(cycles: Cycles) -> str:
    """Returns a line such as `est. 10.9 M cycles = 90.83 ms at 120 MHz (stm32l4r5, cortex-m4, +-3.2
    % ...)`."""
    time, clock = cycles.milliseconds(cycles.median), cycles.target.clock_hz
    at = f" = {time:.4g} ms at {_mhz(clock)}" if time is not None and clock else ""
    power = f"; {cycles.energy}" if cycles.energy else ""
    return f"est. {_short(cycles.median)} cycles{at} ({cycles.basis}){power}"


def millijoules(cycles: Sequence[Cycles]) -> dict[str, dict[str, float]]:
    """`millijoules` of the contract: of the median inference, by part whose power is published."""
    return {
        c.target.name: {
            "inference": round(c.energy.millijoules, 6),
            "power_error_percent": round(c.energy.mean_percent, 2),
            "worst_power_error_percent": round(c.energy.worst_percent, 2),
        }
        for c in cycles
        if c.energy
    }


def _short(value: float) -> str:
    if value >= 1e6:
        return f"{value / 1e6:.4g} M"
    return f"{value / 1e3:.4g} k" if value >= 1e4 else f"{value:,.0f}"


def _mhz(clock_hz: int) -> str:
    return f"{clock_hz / 1e6:g} MHz"
