"""TANH -> bl_tanh_f32 a table in int8, or bl_tanh_s16"""

import numpy as np
import numpy.typing as npt
from boardless.model.compiler import curves, elementwise, quantise, tables
from boardless.model.compiler.kernels import Alias, Call, Context


def lower(context: Context) -> Call | Alias:
    suffix = elementwise.unary(context, "int16")
    if suffix == "s16":
        return tables.sigmoid(context, "tanh/tanh.h", shifts=(0, 1))
    if context.profile.fixed_point_curves and suffix == "s8":
        return elementwise.lookup(context, _quantised(context))
    return elementwise.by_formula(context, elementwise.single_precision("tanhf"), "tanh/tanh.h")


def _quantised(context: Context) -> npt.NDArray[np.int64]:
    """Outputs for -128 .. 127 at a scale of 1/128, which is the only one that the interpreter knows
    of."""
    output = quantise.of(context.output())
    if (output.scale, output.zero_point) != (1 / 128, 0):
        raise context.refuse("an int8 TANH must have scale 1/128 and zero point 0")
    return curves.table(context, curves.tanh, bits=7)


def output_shape(context: Context) -> tuple[int, ...]:
    return context.input().shape
