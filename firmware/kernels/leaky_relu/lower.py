"""LEAKY_RELU -> bl_leaky_relu_f32 or a table in int8"""

import numpy as np
import numpy.typing as npt
from boardless.model.compiler import elementwise, fixed_point, quantise
from boardless.model.compiler.kernels import Alias, Call, Context


def lower(context: Context) -> Call | Alias:
    alpha = np.float32(context.op.options["alpha"])
    if not np.isfinite(alpha):
        raise context.refuse(f"alpha is {alpha}")
    if elementwise.unary(context) == "s8":
        return elementwise.lookup(context, _quantised(context, alpha))
    return Call(
        function="bl_leaky_relu_f32_ref",
        params_type="bl_leaky_relu_f32",
        params={"count": context.input().count, "alpha": float(alpha)},
        header="leaky_relu/leaky_relu.h",
        in_place=True,
    )


def output_shape(context: Context) -> tuple[int, ...]:
    return context.input().shape


def _quantised(context: Context, alpha: np.float32) -> npt.NDArray[np.int64]:
    """Outputs for -128 .. 127: one multiplier from 0 upwards and another below, as TFLite has; both
    are made in single precision. Under a negative alpha the interpreter's ties go the other way:
    as if x * -alpha were rounded, and then its sign changed."""
    source, output = quantise.of(context.input()), quantise.of(context.output())
    x = elementwise.INT8 - source.zero_point
    ratios = np.float32(source.scale) * np.array([1, alpha], np.float32) / np.float32(output.scale)
    sides = []
    for ratio, used in zip(ratios, (x[x >= 0], x[x < 0]), strict=True):
        multiplier, shift = quantise.multiplier_and_shift(abs(float(ratio)))
        context.scaled_up(used.min(initial=0), used.max(initial=0), shift)
        sides.append(np.sign(ratio).astype(int) * fixed_point.requantise(x, multiplier, shift))
    levels: npt.NDArray[np.int64] = np.where(x >= 0, *sides) + output.zero_point
    return levels
