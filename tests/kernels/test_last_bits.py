"""Rows in which the last bits of what a kernel computes reach its result: found by trying many,
with constants that are off by one."""

from __future__ import annotations

import numpy as np
import pytest
from one_operator import Tensor, model
from properties import runners
from properties.drawing import DrawnCase

HALF_WAY = [  # how many values are the greatest, how far below one more is, and the input's scale
    (15, 29, 0.308558315),
    (11, 185, 0.0226728916),
    (130, 15, 0.51508081),
    (1, 113, 0.0633227453),
    (31, 41, 0.058703918),
    (192, 145, 0.0583534725),
    (1, 34, 0.239881292),
]


@pytest.mark.parametrize(("greatest", "distance", "scale"), HALF_WAY)
def test_log_softmax(greatest: int, distance: int, scale: float) -> None:
    """The logarithm of the sum makes a value lie next to where it would be rounded to another."""
    fed = np.array([[127] * greatest + [127 - distance]], np.int8)
    source = Tensor(fed.shape, "int8", (float(np.float32(scale)),))
    target = Tensor(fed.shape, "int8", (1 / 16,), (127,))
    case = DrawnCase(model("LOG_SOFTMAX", [source], target), fed, f"{greatest} and {distance}")
    runners.check(case, "host")


@pytest.mark.parametrize("zero_point", [127, 0])
def test_l2_normalization_of_long_rows(zero_point: int) -> None:
    """Sums of squares of 2^29 and more are divided by 4 first: of all values once and the smallest
    very often, and of as many as there may be."""
    fed = np.full((1, 15000 if zero_point else 1 << 15), -128, np.int8)
    if zero_point:
        fed[0, :256] = np.arange(-128, 128)
    source = Tensor(fed.shape, "int8", (0.5,), (zero_point,))
    target = Tensor(fed.shape, "int8", (1 / 128,))
    case = DrawnCase(model("L2_NORMALIZATION", [source], target), fed, f"{fed.shape[1]} values")
    runners.check(case, "host")
