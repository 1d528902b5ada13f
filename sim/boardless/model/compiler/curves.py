"""Sigmoid and tanh in fixed point, for int8 tables: as TensorFlow Lite Micro computes them.

sigmoid(np.array([0]))      # 2^30: 1/2 in Q0.31

Qm.n is a signed number with m integer and n fractional bits, held in int64; m + n is 31. Source of
the semantics: gemmlowp's fixedpoint.h, of which firmware/kernels/exponential.h has a part in C.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from boardless.model.compiler import fixed_point, quantise
from boardless.model.compiler.fixed_point import INT32_MAX, INT32_MIN, Integers
from boardless.model.compiler.kernels import Context

IN_BITS = 4  # of an input before the point
# round(exp(-2^k) * 2^31) for k = -2 .. 4
FACTORS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
EXP_MINUS_EIGHTH, THIRD = 1895147668, 715827883  # of 1, Q0.31
Q2_48_OVER_17, Q2_MINUS_32_OVER_17, Q2_ONE = 1515870810, -1010580540, 1 << 29


def table(context: Context, curve: Callable[[Integers], Integers], bits: int) -> Integers:
    """Returns the int8 outputs for -128 .. 127 before zero point and clamping: `curve` in Q0.31,
    rounded to `bits` behind the point; where the input leaves Q4.27, the ends of int8."""
    source = quantise.of(context.input())
    fraction, shift = math.frexp(source.scale * 2.0 ** (31 - IN_BITS))
    multiplier = quantise.round_away(fraction * 2.0**31)
    if not 0 <= shift <= 30 or multiplier > INT32_MAX:
        raise context.refuse(f"its input's scale, {source.scale:g}, is beyond fixed point")
    radius = math.floor(((1 << IN_BITS) - 1) * 2.0 ** (31 - IN_BITS - shift))
    inputs = np.arange(-128, 128, dtype=np.int64) - source.zero_point
    inside = np.abs(inputs) < radius
    fine = fixed_point.requantise(np.where(inside, inputs, 0), multiplier, shift)
    rounded = fixed_point.rounding_shift_right(curve(fine), 31 - bits)
    ends = np.where(inputs > 0, 1 << 30, -(1 << 30))
    return np.where(inside, rounded, ends)


def sigmoid(x: Integers) -> Integers:
    """1 / (1 + exp(-x)), Q4.27 -> Q0.31."""
    positive = _shifted(_newton(_exp(-np.abs(x), IN_BITS)), 1)
    return np.where(x == 0, 1 << 30, np.where(x > 0, positive, INT32_MAX - positive))


def tanh(x: Integers) -> Integers:
    """(1 - exp(-2 x)) / (1 + exp(-2 x)), Q4.27 -> Q0.31."""
    positive = _shifted(_newton(_exp(-np.abs(x), IN_BITS + 1)) - Q2_ONE, 2)
    return np.where(x == 0, 0, np.where(x > 0, positive, -positive))


def _exp(x: Integers, bits: int) -> Integers:
    """exp(x) for x <= 0, Q(bits) -> Q0.31: what is below 1/4 by a series, each bit above by a
    factor."""
    quarter = 1 << (29 - bits)
    low = (x & (quarter - 1)) - quarter  # -1/4 .. 0
    rest = low - x
    result = _exp_small(_shifted(low, bits))
    for k, factor in enumerate(FACTORS[: bits + 2]):
        scaled = fixed_point.doubling_high_mul(result, factor)
        result = np.where(rest & (quarter << k), scaled, result)
    return np.where(x == 0, INT32_MAX, result)


def _exp_small(x: Integers) -> Integers:
    """exp(x) for x in [-1/4, 0), Q0.31 -> Q0.31: a series of degree 4 around -1/8."""
    times, shifted = fixed_point.doubling_high_mul, fixed_point.rounding_shift_right
    x = x + (1 << 28)
    x2 = times(x, x)
    x3, x4 = times(x2, x), times(x2, x2)
    tail = shifted(times(shifted(x4, 2) + x3, THIRD) + x2, 1)
    return EXP_MINUS_EIGHTH + times(EXP_MINUS_EIGHTH, x + tail)


def _newton(x: Integers) -> Integers:
    """2 / (1 + x) for x in [0, 1], Q0.31 -> Q2.29."""
    times = fixed_point.doubling_high_mul
    half_denominator = (x + INT32_MAX + 1) // 2
    found = Q2_48_OVER_17 + times(half_denominator, Q2_MINUS_32_OVER_17)
    for _ in range(3):
        error = Q2_ONE - times(half_denominator, found)
        found = found + _shifted(times(found, error), 2)
    return found


def _shifted(x: Integers, bits: int) -> Integers:
    """Returns x * 2^bits, saturated."""
    found: Integers = np.clip(x << bits, INT32_MIN, INT32_MAX)
    return found
