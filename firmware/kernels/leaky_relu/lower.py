"""LEAKY_RELU -> bl_leaky_relu_f32, bl_leaky_relu_s16 or a table in int8"""

import numpy as np
import numpy.typing as npt
from boardless.model.compiler import elementwise, fixed_point, quantise
from boardless.model.compiler.kernels import Alias, Call, Context, Params


def lower(context: Context) -> Call | Alias:
    alpha = np.float32(context.op.options["alpha"])
    if not np.isfinite(alpha):
        raise context.refuse(f"alpha is {alpha}")
    suffix = elementwise.unary(context, "int16")
    if suffix == "s8":
        return elementwise.lookup(context, _quantised(context, alpha))
    return Call(
        function=f"bl_leaky_relu_{suffix}_ref",
        params_type=f"bl_leaky_relu_{suffix}",
        params={
            "count": context.input().count,
            **({"alpha": float(alpha)} if suffix == "f32" else _multipliers(context, alpha)),
        },
        header="leaky_relu/leaky_relu.h",
        in_place=True,
    )


def output_shape(context: Context) -> tuple[int, ...]:
    return context.input().shape


def _scaling(context: Context, alpha: np.float32) -> list[tuple[int, int, int]]:
    """Returns (multiplier, shift, sign) of values from 0 upwards and of those below, made in single
    precision as TFLite's are. Under a negative alpha the interpreter's ties go the other way: as if
    x * -alpha were rounded, and then its sign changed."""
    source, output = quantise.of(context.input()), quantise.of(context.output())
    ratios = np.float32(source.scale) * np.array([1, alpha], np.float32) / np.float32(output.scale)
    low, high = (end - source.zero_point for end in quantise.ends(context.input()))
    found = []
    for ratio, least, greatest in zip(ratios, (0, min(low, 0)), (max(high, 0), 0), strict=True):
        multiplier, shift = quantise.multiplier_and_shift(abs(float(ratio)))
        context.scaled_up(least, greatest, shift)
        found.append((multiplier, shift, int(np.sign(ratio))))
    return found


def _multipliers(context: Context, alpha: np.float32) -> Params:
    (multiplier, shift, _), (alpha_multiplier, alpha_shift, sign) = _scaling(context, alpha)
    return {
        "multiplier": multiplier,
        "shift": shift,
        "alpha_multiplier": alpha_multiplier,
        "alpha_shift": alpha_shift,
        "sign": sign,
    }


def _quantised(context: Context, alpha: np.float32) -> npt.NDArray[np.int64]:
    """Returns the outputs for -128 .. 127."""
    x = elementwise.INT8 - quantise.of(context.input()).zero_point
    above, below = (
        sign * fixed_point.requantise(x, multiplier, shift)
        for multiplier, shift, sign in _scaling(context, alpha)
    )
    levels: npt.NDArray[np.int64] = np.where(x >= 0, above, below)
    return levels + quantise.of(context.output()).zero_point
