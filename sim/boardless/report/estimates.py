"""Estimated cycles in words and in the JSON of the command line's contract."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from boardless.cycles.estimate import Cycles


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
        "status": target.core.status,
        "error_percent": round(error.mean, 2) if error else None,
        "worst_error_percent": round(error.worst, 2) if error else None,
        "error_programs": error.programs if error else 0,
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
    at = f" = {time:.4g} ms at {clock / 1e6:g} MHz" if time is not None and clock else ""
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
