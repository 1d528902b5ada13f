"""MUL -> bl_mul_*"""

import numpy as np
from boardless.model.compiler import elementwise, quantise
from boardless.model.compiler.kernels import USUAL, Call, Context
from boardless.model.traits import Rounding


def lower(context: Context) -> Call:
    pair = elementwise.Pair(context, types=(*USUAL, "int16"))
    params, exact = context.activation(), True
    if pair.suffix == "s8" and context.rounding is Rounding.FLOAT:
        scales = [np.float32(quantise.of(context.input(i)).scale) for i in (0, 1)]
        factor = scales[0] * scales[1] / np.float32(quantise.of(context.output()).scale)
        params |= {**pair.zero_points(), "factor": float(factor)}
        return pair.call("mul_real", params, exact=False, folder="mul")
    if pair.suffix != "f32":
        # single precision, in the order of the operator's inputs, as TFLite
        a, b, output = (
            np.float32(quantise.of(t).scale)
            for t in (context.input(0), context.input(1), context.output())
        )
        multiplier, shift = quantise.multiplier_and_shift(float(a * b / output))
        context.scaled_up(*pair.products(), shift)
        zero_points = pair.zero_points() if pair.suffix == "s8" else {}
        params |= {**zero_points, "multiplier": multiplier, "shift": shift}
        exact = shift <= 14
    return pair.call("mul", params, exact)


def output_shape(context: Context) -> tuple[int, ...]:
    return elementwise.broadcast_shape(context)
