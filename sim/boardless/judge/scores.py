"""Computes scores of a classifier: of its outputs, or of its top-1 classes, and of labels. Pure.

scores.top_k(np.array([[1, 3, 2]]), np.array([2]), 2)    # 1.0

Of equal outputs, the one of the lower class number counts as larger, as in the top-1 class that a
device reports.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

PERCENTILES = (50, 90, 95, 99, 100)
BINS = 15  # of confidence, equally wide

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class PerClass:
    """One class: how many pictures are labelled so, are predicted so, and are both."""

    name: str
    labelled: int
    predicted: int
    right: int

    @property
    def precision(self) -> float | None:
        """The part of those predicted that are labelled so; None where nothing is predicted so."""
        return self.right / self.predicted if self.predicted else None

    @property
    def recall(self) -> float | None:
        """The part of those labelled that are predicted so; None where nothing is labelled so."""
        return self.right / self.labelled if self.labelled else None


@dataclass(frozen=True)
class PerGroup:
    """One group of pictures."""

    name: str
    pictures: int
    right: int

    @property
    def accuracy(self) -> float:
        return self.right / self.pictures


@dataclass(frozen=True)
class Bin:
    """The pictures whose confidence is above `low` and at most `high`, with its mean and their
    accuracy."""

    low: float
    high: float
    pictures: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class Calibration:
    """The expected calibration error: the difference between confidence and accuracy, as a mean
    over all pictures. `softmax`: the outputs are no probabilities, so their softmax was taken."""

    error: float
    softmax: bool
    bins: tuple[Bin, ...]  # without empty ones


def top_k(outputs: npt.NDArray[Any], labels: Integers, k: int) -> float:
    """Returns the part of the pictures whose label is among the k largest of outputs (N, classes).
    Of equal outputs, the lower class number counts as larger."""
    if outputs.dtype.kind == "f":
        outputs = np.where(np.isnan(outputs), np.inf, outputs)  # as argmax has it
    own = np.take_along_axis(outputs, labels[:, np.newaxis], axis=1)
    lower = np.arange(outputs.shape[1]) < labels[:, np.newaxis]
    ahead = (outputs > own) | ((outputs == own) & lower)
    return float((ahead.sum(axis=1) < k).mean())


def confusion(top: Integers, labels: Integers, classes: int) -> Integers:
    """Returns counts (classes, classes): the row is the label, the column is the prediction."""
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (labels, top), 1)
    return counts


def per_class(counts: Integers, names: Sequence[str]) -> tuple[PerClass, ...]:
    """Returns each class of a confusion matrix; those without a name are called by their number."""
    return tuple(
        PerClass(
            names[k] if k < len(names) else str(k),
            int(counts[k].sum()),
            int(counts[:, k].sum()),
            int(counts[k, k]),
        )
        for k in range(len(counts))
    )


def per_group(right: npt.NDArray[np.bool_], groups: Sequence[str]) -> tuple[PerGroup, ...]:
    """Returns each group, by name. `right` (N,): whether the top-1 class is the label."""
    which, member = np.unique(np.array(groups), return_inverse=True)
    pictures = np.bincount(member, minlength=len(which))
    hits = np.bincount(member, right, minlength=len(which))
    rows = zip(which.tolist(), pictures.tolist(), hits.tolist(), strict=True)
    return tuple(PerGroup(name, n, round(hit)) for name, n, hit in rows)


def calibration(real: Floats, labels: Integers, step: float = 0.0) -> Calibration:
    """Returns how far confidence and accuracy are apart, of real outputs (N, classes) that are
    multiples of `step`, 0: float32. The confidence is the largest probability of a picture."""
    sums = real.sum(axis=1)
    # Each probability is rounded by half a step at most, and 1.0 itself may be one step too large.
    allowed = min(0.5, 1e-3 + step * (real.shape[1] / 2 + 1))
    plain = bool((real >= 0).all() and (real <= 1 + 1e-3).all() and (abs(sums - 1) < allowed).all())
    probabilities = real if plain else _softmax(real)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    number = np.clip(np.ceil(confidence * BINS) - 1, 0, BINS - 1)
    bins = tuple(
        Bin(
            k / BINS,
            (k + 1) / BINS,
            int(inside.sum()),
            float(confidence[inside].mean()),
            float(right[inside].mean()),
        )
        for k in range(BINS)
        if (inside := number == k).any()
    )
    error = math.fsum(b.pictures * abs(b.accuracy - b.confidence) for b in bins) / len(labels)
    return Calibration(error, not plain, bins)


def _softmax(real: Floats) -> Floats:
    powers = np.exp(real - real.max(axis=1, keepdims=True))
    found: Floats = powers / powers.sum(axis=1, keepdims=True)
    return found


def percentiles(values: Sequence[float]) -> dict[int, float]:
    """Returns the smallest of the values that so many percent of them do not exceed, by percent."""
    found = np.percentile(values, PERCENTILES, method="inverted_cdf")
    return {p: float(value) for p, value in zip(PERCENTILES, found, strict=True)}
