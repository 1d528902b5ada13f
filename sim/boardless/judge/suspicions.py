"""Finds predictions that agree with the reference and are of no use.

Pictures and model do not belong together then. Pure.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.data.records import Pictures

FEWEST = 4  # pictures that show anything


def find(fed: Pictures, expected: npt.NDArray[Any]) -> tuple[str, ...]:
    """Returns warnings about the reference's outputs (N, classes). Each names what to try."""
    count, classes = expected.shape
    if not fed.mapping or count < FEWEST:
        return ()
    labels = fed.labels
    if classes == 1:
        text = "the model has one output, so its top class is always 0: accuracy says nothing"
        return (text,) if labels is not None else ()
    top = expected.argmax(axis=1)
    right = None if labels is None else int((top == labels).sum())
    several = labels is None or len(np.unique(labels)) > 1
    found = []
    if several and (top == top[0]).all():
        found.append(
            f"all {count} pictures are predicted as class {top[0]}: the model may want another "
            f"range of pixels, {_try(fed)}"
        )
    if several and right is not None and right <= _chance(count, classes):
        found.append(
            f"{right} of {count} pictures are right, no more than by chance with {classes} "
            f"classes: {_try(fed)}, and look whether the classes are in the model's order, "
            "--labels FILE"
        )
    return tuple(found)


def _chance(count: int, classes: int) -> float:
    """Returns how many are right by chance, with a standard deviation on top."""
    share = 1 / classes
    return count * share + math.sqrt(count * share * (1 - share))


def _try(fed: Pictures) -> str:
    others = [name for name in ("0..1", "-1..1", "0..255") if name != fed.pixels]
    return f"try --pixels {' or '.join(others)}" if fed.pixels else "check what `inputs` hold"
