"""MUL -> bl_mul_*"""

import numpy as np
from boardless.model.compiler import elementwise, quantise
from boardless.model.compiler.kernels import Call, Context


def lower(context: Context) -> Call:
    pair = elementwise.Pair(context)
    params, exact = context.activation(), True
    if context.suffix() == "s8":
        # single precision, in the order of the operator's inputs, as TFLite
        a, b, output = (
            np.float32(quantise.of(t).scale)
            for t in (context.input(0), context.input(1), context.output())
        )
        multiplier, shift = quantise.multiplier_and_shift(float(a * b / output))
        context.scaled_up(*pair.products(), shift)
        params |= {**pair.zero_points(), "multiplier": multiplier, "shift": shift}
        exact = shift <= 14
    return pair.call("mul", params, exact)


def output_shape(context: Context) -> tuple[int, ...]:
    return elementwise.broadcast_shape(context)
