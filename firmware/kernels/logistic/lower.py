"""LOGISTIC -> bl_logistic_f32, a table in int8, or bl_logistic_s16"""

import numpy as np
from boardless.model.compiler import curves, elementwise, quantise, tables
from boardless.model.compiler.kernels import Alias, Call, Context


def logistic(x: float) -> float:
    """Computes in single precision, as TFLite does: exp(-x) may overflow to infinity, which gives
    0."""
    with np.errstate(over="ignore"):
        power = np.float32(elementwise.single_precision("expf")(-x))
        return float(np.float32(1) / (np.float32(1) + power))


def lower(context: Context) -> Call | Alias:
    suffix = elementwise.unary(context, "int16")
    if suffix == "s16":
        return tables.sigmoid(context, "logistic/logistic.h", shifts=(0,))
    if suffix == "s8":
        output = quantise.of(context.output())
        if (output.scale, output.zero_point) != (1 / 256, -128):
            raise context.refuse("an int8 LOGISTIC must have scale 1/256 and zero point -128")
        if context.profile.fixed_point_curves:
            levels = curves.table(context, curves.sigmoid, bits=8) + output.zero_point
            return elementwise.lookup(context, levels)
    return elementwise.by_formula(context, logistic, "logistic/logistic.h")


def output_shape(context: Context) -> tuple[int, ...]:
    return context.input().shape
