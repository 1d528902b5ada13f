"""Judges predictions against the reference. Pure.

int8 must be equal to the last bit. float32 must have the same top-1 and differ by at most 1e-5,
relative to the largest output where that is above 1 (logits), absolute where it is not
(probabilities).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FLOAT_TOLERANCE = 1e-5


@dataclass(frozen=True)
class Verdict:
    """The comparison of a run with the reference."""

    ok: bool
    reason: str  # one line where not ok
    agreement: float  # part of the pictures with equal top-1
    bit_exact: bool
    max_abs_error: float  # of raw outputs: units of the last place in int8
    mismatches: tuple[int, ...]  # picture numbers whose top-1 differs, or whose int8 output does
    accuracy_device: float | None
    accuracy_reference: float | None


def compare(
    outputs: npt.NDArray[Any],
    reference: npt.NDArray[Any],
    labels: npt.NDArray[np.int64] | None = None,
) -> Verdict:
    """The Verdict on raw outputs (N, classes) against `reference` of the same shape and type."""
    top, top_reference = outputs.argmax(axis=1), reference.argmax(axis=1)
    difference = np.abs(outputs.astype(np.float64) - reference.astype(np.float64))
    difference = np.nan_to_num(difference, nan=np.inf)  # a NaN is never near
    worst = difference.max(axis=1)
    exact = bool(np.array_equal(outputs, reference))
    if outputs.dtype == np.int8:
        wrong = worst > 0
        limit = 0.0
    else:
        scale = np.maximum(1.0, np.abs(reference.astype(np.float64)).max(axis=1))
        wrong = (top != top_reference) | (worst > FLOAT_TOLERANCE * scale)
        limit = FLOAT_TOLERANCE
    mismatches = tuple(int(i) for i in np.flatnonzero(wrong))
    reason = ""
    if mismatches:
        reason = (
            f"{len(mismatches)} of {len(outputs)} predictions differ from the reference, "
            f"first picture {mismatches[0]}, by up to {worst.max():g} (limit {limit:g})"
        )

    def accuracy(top_1: npt.NDArray[Any]) -> float | None:
        return None if labels is None else float((top_1 == labels).mean())

    return Verdict(
        ok=not mismatches,
        reason=reason,
        agreement=float((top == top_reference).mean()),
        bit_exact=exact,
        max_abs_error=float(worst.max()),
        mismatches=mismatches,
        accuracy_device=accuracy(top),
        accuracy_reference=accuracy(top_reference),
    )
