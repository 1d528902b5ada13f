"""PRELU -> bl_prelu_*"""

import numpy as np
from boardless.model.compiler import elementwise, quantise
from boardless.model.compiler.kernels import Call, Context, Params


def lower(context: Context) -> Call:
    pair = elementwise.Pair(context)
    if pair.reversed:
        raise context.refuse("its input is a constant, its slopes are computed")
    params: Params = {}
    if context.suffix() == "s8":
        a, b, output = (
            np.float32(quantise.of(t).scale) for t in (pair.a, pair.b, context.output())
        )
        zero_point = quantise.of(pair.a).zero_point
        multiplier, shift = quantise.multiplier_and_shift(float(a / output))
        context.scaled_up(0, 127 - zero_point, shift)
        slope_multiplier, slope_shift = quantise.multiplier_and_shift(float(a * b / output))
        context.scaled_up(*pair.products(), slope_shift)
        params = {
            **pair.zero_points(),
            "multiplier": multiplier,
            "shift": shift,
            "slope_multiplier": slope_multiplier,
            "slope_shift": slope_shift,
        }
    return pair.call("prelu", params, exact=False)


def output_shape(context: Context) -> tuple[int, ...]:
    """The input's: the slopes do not make it larger."""
    return context.input().shape
