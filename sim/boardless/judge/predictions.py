"""Judges predictions against the reference. Pure.

Integers must be equal to the last bit. float32 must have the same top-1 and differ by at most 1e-5,
relative to the largest output where that is above 1 (logits), absolute where it is not
(probabilities), or by what the rounding of its own sums explains. A NaN is equal to a NaN, an
infinity to the same infinity, and neither to anything else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.core.errors import BadInput

FLOAT_TOLERANCE = 1e-5


@dataclass(frozen=True)
class Verdict:
    """The comparison of a run with the reference."""

    ok: bool
    reason: str  # one line where not ok
    agreement: float  # part of the pictures with equal top-1
    bit_exact: bool  # not where there is a NaN: its bits are not compared
    max_abs_error: float  # of raw outputs: units of the last place in int8; see errors()
    mismatches: tuple[int, ...]  # picture numbers whose top-1 differs, or whose int8 output does
    accuracy_device: float | None
    accuracy_reference: float | None


def errors(outputs: npt.NDArray[Any], reference: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Returns the largest difference of each picture's raw outputs (N, classes): NaN where both
    have a NaN at the same place, infinity where one of them has a NaN or an infinity alone."""
    worst = _differences(outputs, reference).max(axis=1)
    both = (np.isnan(outputs) & np.isnan(reference)).any(axis=1)
    found: npt.NDArray[np.float64] = np.where(both & np.isfinite(worst), np.nan, worst)
    return found


def largest(found: npt.NDArray[np.float64]) -> float:
    """Returns the largest of errors(): an infinity, else NaN where there is one."""
    return math.inf if np.isinf(found).any() else float(found.max())


def _differences(outputs: npt.NDArray[Any], reference: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Returns |a - b|; BadInput where the reference has found another shape of the output than the
    model's file says."""
    if outputs.shape != reference.shape:
        each = [math.prod(array.shape[1:]) for array in (outputs, reference)]
        raise BadInput(
            f"its file says {each[0]:,} output values, the reference gives {each[1]:,}",
            hint="convert the model again",
        )
    a, b = outputs.astype(np.float64), reference.astype(np.float64)
    equal = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore"):
        apart = np.abs(a - b)
    apart[np.isnan(apart)] = np.inf
    found: npt.NDArray[np.float64] = np.where(equal, 0.0, apart)
    return found


def compare(
    outputs: npt.NDArray[Any],
    reference: npt.NDArray[Any],
    labels: npt.NDArray[np.int64] | None = None,
    rounding: npt.NDArray[np.float64] | None = None,
    named: str = "",
) -> Verdict:
    """The Verdict on raw outputs (N, classes) against `reference` of the same shape and type.
    `rounding` (N, classes) is what the rounding of float32 sums, or of printed integers, explains
    of a difference. The verdict calls the reference `named`, such as "litert 2.3.0"."""
    top, top_reference = outputs.argmax(axis=1), reference.argmax(axis=1)
    worst, found = _differences(outputs, reference).max(axis=1), errors(outputs, reference)
    if outputs.dtype.kind != "f":
        limits = np.zeros(outputs.shape) if rounding is None else np.floor(rounding)
        wrong = (_differences(outputs, reference) > limits).any(axis=1)
        limit = float(limits.max())
    else:
        size = np.where(np.isfinite(reference), np.abs(reference.astype(np.float64)), 0.0)
        scale = np.maximum(1.0, size.max(axis=1))
        limit = FLOAT_TOLERANCE
        allowed = np.broadcast_to(limit * scale[:, np.newaxis], outputs.shape)
        another_top = top != top_reference
        if rounding is not None:
            allowed = np.maximum(allowed, rounding)
            limit = max(limit, float(allowed.max()))
            # Two classes may be as good as equal.
            rows = np.arange(len(outputs))
            gap = reference[rows, top_reference] - reference[rows, top].astype(np.float64)
            another_top &= gap > allowed[rows, top] + allowed[rows, top_reference]
        within = _differences(outputs, reference) <= allowed
        wrong = another_top | ~within.all(axis=1)
    mismatches = tuple(int(i) for i in np.flatnonzero(wrong))
    reason = ""
    if mismatches:
        reason = (
            f"{len(mismatches)} of {len(outputs)} predictions differ from the reference"
            f"{f' {named}' if named else ''}, "
            f"first picture {mismatches[0]}, by up to {worst.max():g} (limit {limit:g})"
        )

    def accuracy(top_1: npt.NDArray[Any]) -> float | None:
        return None if labels is None else float((top_1 == labels).mean())

    return Verdict(
        ok=not mismatches,
        reason=reason,
        agreement=float((top == top_reference).mean()),
        bit_exact=bool(np.array_equal(outputs, reference)),
        max_abs_error=largest(found),
        mismatches=mismatches,
        accuracy_device=accuracy(top),
        accuracy_reference=accuracy(top_reference),
    )
