"""firmware/kernels/requantise.h in Python, for what the compiler computes ahead of time.

requantise(np.array([1000]), multiplier=1 << 30, shift=0)  # 500
Whole arrays of int32 values at once, held in int64; tests hold every function against the C.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
IntegersLike = npt.ArrayLike

INT32_MIN, INT32_MAX = -(1 << 31), (1 << 31) - 1


def fits(x: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Returns a mask of the values that fit into int32."""
    return (x >= INT32_MIN) & (x <= INT32_MAX)


def doubling_high_mul(a: IntegersLike, b: IntegersLike) -> Integers:
    """round(a * b / 2^31), ties upwards, the one overflowing product saturated."""
    product = np.asarray(a, np.int64) * np.asarray(b, np.int64)
    result: Integers = np.minimum((product + (1 << 30)) >> 31, INT32_MAX)
    return result


def rounding_shift_right(x: IntegersLike, exponent: IntegersLike) -> Integers:
    """round(x / 2^exponent), ties away from zero; exponent 0..31."""
    x, exponent = np.asarray(x, np.int64), np.asarray(exponent, np.int64)
    mask = (np.int64(1) << exponent) - 1
    threshold = (mask >> 1) + (x < 0)
    result: Integers = (x >> exponent) + ((x & mask) > threshold)
    return result


def requantise(x: IntegersLike, multiplier: IntegersLike, shift: IntegersLike) -> Integers:
    """x * multiplier * 2^(shift - 31), rounded twice: convolutions and most others. The left shift
    wraps."""
    x, shift = np.asarray(x, np.int64), np.asarray(shift, np.int64)
    shifted = _wrapped(x << np.maximum(shift, 0))
    return rounding_shift_right(doubling_high_mul(shifted, multiplier), np.maximum(-shift, 0))


def requantise_once(x: IntegersLike, multiplier: IntegersLike, shift: IntegersLike) -> Integers:
    """Requantises with a single rounding, ties away from zero, as fully connected layers do. The
    result is not wrapped: the caller handles values outside of int32."""
    product = np.asarray(x, np.int64) * np.asarray(multiplier, np.int64)
    right = 31 - np.asarray(shift, np.int64)  # 1..62
    result: Integers = (product + (np.int64(1) << (right - 1)) - (product < 0)) >> right
    return result


def product(a: int, b: int) -> int:
    """Returns the same as doubling_high_mul, of two numbers."""
    return int(doubling_high_mul(a, b))


def saturated(x: int) -> int:
    """Returns the nearest number that int32 holds."""
    return max(INT32_MIN, min(x, INT32_MAX))


def _wrapped(x: Integers) -> Integers:
    """Returns the values as int32 holds them."""
    return (x - INT32_MIN) % (1 << 32) + INT32_MIN


def folded_bias(
    rows: npt.NDArray[Any], bias: npt.NDArray[Any] | None, input_zero_point: int
) -> npt.NDArray[np.int32]:
    """bias - input_zero_point * sum(taps) for rows of taps (output channels, n), None being 0. It
    wraps, and so do the sums that start from it: their end is right whatever their order."""
    offset = np.zeros(len(rows), np.int64) if bias is None else bias.astype(np.int64)
    folded = offset - input_zero_point * rows.astype(np.int64).sum(axis=1)
    wrapped: npt.NDArray[np.int32] = (folded & 0xFFFFFFFF).astype(np.uint32).view(np.int32)
    return wrapped
