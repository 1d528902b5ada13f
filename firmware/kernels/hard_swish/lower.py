"""HARD_SWISH -> bl_hard_swish_f32 or a table in int8"""

import numpy as np
import numpy.typing as npt
from boardless.model.compiler import elementwise, fixed_point, quantise
from boardless.model.compiler.kernels import Alias, Call, Context

Values = npt.NDArray[np.int64]


def lower(context: Context) -> Call | Alias:
    if elementwise.unary(context) == "s8":
        return elementwise.lookup(context, _quantised(context))
    return elementwise.by_formula(context, float, "hard_swish/hard_swish.h")


def output_shape(context: Context) -> tuple[int, ...]:
    return context.input().shape


def _quantised(context: Context) -> Values:
    """TFLite computes x * relu6(x + 3) / 6 in 16 bits: x at 1/128 of the input's scale, and the
    factor between 0 and 1 as (x / 3 + 1) / 2 in Q0.15, saturated on both sides."""
    source, target = quantise.of(context.input()), quantise.of(context.output())
    fine = np.float32(1 / 128) * np.float32(source.scale)
    output_multiplier, output_exponent = _short(float(fine / np.float32(target.scale)))
    factor_multiplier, factor_exponent = _short(float(fine / np.float32(3 / 32768)))
    if not -15 <= output_exponent <= 0 or not -15 <= factor_exponent <= 15:
        raise context.refuse("its scales are out of the range of TFLite's 16-bit arithmetic")
    x = (elementwise.INT8 - source.zero_point) << 7
    factor = x
    if factor_exponent > 0:
        factor = _saturated(factor << (factor_exponent - 1))
    factor = _high_mul(factor, factor_multiplier, rounding=True)
    if factor_exponent > 0:
        factor = _saturated(factor << 1)
    if factor_exponent < 0:
        factor = fixed_point.rounding_shift_right(factor, -factor_exponent)
    factor = (factor + (1 << 15)) >> 1
    product = _high_mul(factor, _high_mul(x, output_multiplier, rounding=True), rounding=False)
    return fixed_point.rounding_shift_right(product, -output_exponent) + target.zero_point


def _short(real: float) -> tuple[int, int]:
    """(16-bit multiplier, exponent) with real = multiplier * 2^(exponent - 15)."""
    multiplier, shift = quantise.multiplier_and_shift(real)
    return min((multiplier + (1 << 15)) >> 16, (1 << 15) - 1), shift


def _saturated(x: Values) -> Values:
    return np.clip(x, -(1 << 15), (1 << 15) - 1)


def _high_mul(a: Values, b: Values | int, rounding: bool) -> Values:
    """a * b / 2^15, rounded to nearest or towards zero, 16 bits."""
    product = a * b
    if rounding:
        product = product + np.where(product >= 0, 1 << 14, 1 - (1 << 14))
    return _saturated(np.where(product >= 0, product >> 15, -(-product >> 15)))
