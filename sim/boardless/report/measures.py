"""Figures of a run, as reports show and JSON holds them.

spread((3, 1, 2))   # {"min": 1, "median": 2, "max": 3}
accuracy_text(3, 4) # "3 of 4 (30..95 %)"
"""

from __future__ import annotations

import math
import statistics
from typing import Any

from boardless.device.records import Build, Run

FEW = 30  # pictures; of fewer an accuracy is no more than a guess
DEVIATIONS = 1.96  # standard deviations: 95 %


def memory(build: Build, stack_bytes: int) -> dict[str, int]:
    """Returns bytes; ram_bytes is .data and .bss (arena included) and the deepest stack seen."""
    return {
        "arena_bytes": build.arena_bytes,
        "weights_bytes": build.weights_bytes,
        "code_bytes": build.code_bytes,
        "stack_bytes": stack_bytes,
        "flash_bytes": build.flash_bytes,
        "ram_bytes": build.static_ram_bytes + stack_bytes,
    }


def inferences_per_second(run: Run) -> float | None:
    """Returns the speed of the emulation, not of the board; None where it is not known."""
    infer = run.seconds.get("infer", 0.0)
    return round(len(run.pictures) / infer, 2) if infer else None


def spread(values: tuple[int, ...]) -> dict[str, int] | None:
    """Returns min, median and max; None where nothing was counted."""
    if not values:
        return None
    return {"min": min(values), "median": statistics.median_low(values), "max": max(values)}


def interval(right: int, of: int) -> tuple[float, float]:
    """Returns the part (0 to 1) of all such pictures that are right, at least and at most, with a
    confidence of 95 % (Wilson's score interval)."""
    part, square = right / of, DEVIATIONS**2 / of
    centre = part + square / 2
    half = DEVIATIONS * math.sqrt(part * (1 - part) / of + square / of / 4)
    return max(0.0, (centre - half) / (1 + square)), min(1.0, (centre + half) / (1 + square))


def accuracy(device: float | None, reference: float | None, of: int) -> dict[str, Any] | None:
    """Returns `accuracy` of the JSON of `of` pictures, None without labels. `device` and
    `reference` are parts, 0 to 1."""
    if device is None:
        return None
    right = round(device * of)
    return {
        "device": device,
        "reference": reference,
        "right": right,
        "of": of,
        "interval": [round(bound, 4) for bound in interval(right, of)],
    }


def accuracy_text(right: int, of: int) -> str:
    """Returns percent; of fewer than 30 pictures how many are right, and the interval in which the
    accuracy lies."""
    if of >= FEW:
        return f"{right / of:.2%}"
    low, high = interval(right, of)
    return f"{right} of {of} ({100 * low:.0f}..{100 * high:.0f} %)"
