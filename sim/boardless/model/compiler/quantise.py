"""Scales to integers, exactly as TFLite's converter-independent code does it.

Source of the semantics: tensorflow/lite/kernels/internal/quantization_util.cc and kernel_util.cc.
"""

from __future__ import annotations

import math

import numpy as np

from boardless.model import traits
from boardless.model.graph import Quantisation, Tensor

TYPES = ("int8", "int16")  # of values with a scale
FLOAT_MAX = float(np.finfo(np.float32).max)


def of(tensor: Tensor) -> Quantisation:
    """The tensor's quantisation. Numbers without one stand for themselves; those that are uint8 in
    the file are held as int8, 128 less."""
    unsigned = tensor.dtype == "int8" and tensor.own_dtype == "uint8"
    return tensor.quantisation or Quantisation((1.0,), (-128 if unsigned else 0,), 0)


def round_away(x: float) -> int:
    """Rounds to the nearest integer, ties away from zero (C's round)."""
    return math.floor(abs(x) + 0.5) * (1 if x >= 0 else -1)


def multiplier_and_shift(real: float) -> tuple[int, int]:
    """(multiplier, shift) with real = multiplier * 2^(shift - 31); see kernels/requantise.h."""
    if real == 0:
        return 0, 0
    if not math.isfinite(real):
        return (1 << 31) - 1, 30
    fraction, shift = math.frexp(real)
    multiplier = round_away(fraction * (1 << 31))
    if multiplier == 1 << 31:
        multiplier //= 2
        shift += 1
    if shift < -31:
        return 0, 0
    if shift > 30:
        return (1 << 31) - 1, 30
    return multiplier, shift


def exponent(tensor: Tensor) -> int | None:
    """Returns the exponent of a scale that TFLite takes for a power of two, None of others. It
    tells so by the logarithm in single precision, give or take 1/1000."""
    logarithm = np.log(np.float32(of(tensor).scale)) * (np.float32(1) / np.log(np.float32(2)))
    nearest = round_away(float(logarithm))
    return nearest if abs(logarithm - np.float32(nearest)) < np.float32(1e-3) else None


def ends(tensor: Tensor) -> tuple[int, int]:
    """Returns the least and the greatest value of a quantised type: int16 or int32, else int8."""
    bits = {"int16": 16, "int32": 32}.get(tensor.dtype, 8)
    return -(1 << bits - 1), (1 << bits - 1) - 1


def activation_bounds(
    name: str, output: Tensor, to_even: bool = False
) -> tuple[int, int] | tuple[float, float] | None:
    """The range of a fused activation in the output's own type; None: not supported. With `to_even`
    bounds are rounded as XNNPACK does it: with the zero point, ties to even."""
    real = traits.bounds(name)
    if real is None:
        return None
    low, high = real
    if output.dtype == "float32":
        return max(low, -FLOAT_MAX), min(high, FLOAT_MAX)
    q = of(output)

    def bound(real: float, limit: int) -> int:
        if math.isinf(real):
            return limit
        # single precision division, as TFLite
        steps = np.float32(real) / np.float32(q.scale)
        if to_even:
            return round(float(steps + np.float32(q.zero_point)))
        return q.zero_point + round_away(float(steps))

    least, greatest = ends(output)
    return max(least, bound(low, least)), min(greatest, bound(high, greatest))
