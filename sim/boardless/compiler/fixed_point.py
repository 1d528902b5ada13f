"""firmware/kernels/requantise.h in Python, for what the compiler computes ahead of time.

requantise(np.array([1000]), multiplier=1 << 30, shift=0)  # 500
Whole arrays at once, in int64; tests hold it against the C. Values that leave int32 on the way are
the caller's business: `fits` says whether they do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
IntegersLike = npt.ArrayLike

INT32_MIN, INT32_MAX = -(1 << 31), (1 << 31) - 1


def fits(x: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where x is an int32."""
    return (x >= INT32_MIN) & (x <= INT32_MAX)


def doubling_high_mul(a: IntegersLike, b: IntegersLike) -> Integers:
    """round(a * b / 2^31), ties away from zero; a and b within int32, not both INT32_MIN."""
    product = np.asarray(a, np.int64) * np.asarray(b, np.int64)
    half = 1 << 30
    up = (product + half) >> 31
    # C's division rounds towards zero, Python's shift down
    down = -((-product - 1 + half) >> 31)
    return np.where(product >= 0, up, down)


def rounding_shift_right(x: IntegersLike, exponent: IntegersLike) -> Integers:
    """round(x / 2^exponent), ties away from zero; exponent 0..31."""
    x, exponent = np.asarray(x, np.int64), np.asarray(exponent, np.int64)
    mask = (np.int64(1) << exponent) - 1
    threshold = (mask >> 1) + (x < 0)
    result: Integers = (x >> exponent) + ((x & mask) > threshold)
    return result


def requantise(x: IntegersLike, multiplier: IntegersLike, shift: IntegersLike) -> Integers:
    """x * multiplier * 2^(shift - 31), rounded twice: convolutions and most others.

    x << shift must fit int32 where shift > 0; the C wraps there.
    """
    x, shift = np.asarray(x, np.int64), np.asarray(shift, np.int64)
    high = doubling_high_mul(x << np.maximum(shift, 0), multiplier)
    return rounding_shift_right(high, np.maximum(-shift, 0))


def requantise_once(x: IntegersLike, multiplier: IntegersLike, shift: IntegersLike) -> Integers:
    """The same rounded once, ties upwards: fully connected layers."""
    product = np.asarray(x, np.int64) * np.asarray(multiplier, np.int64)
    right = 31 - np.asarray(shift, np.int64)  # 1..62
    result: Integers = (product + (np.int64(1) << (right - 1))) >> right
    return result
