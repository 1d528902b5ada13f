"""A function of two values -> bl_<function>_*"""

import numpy as np
from boardless.model.compiler import elementwise, quantise
from boardless.model.compiler.kernels import USUAL, Call, Context, Params

DIFFERENCE_FRACTION_BITS = 7


def lower(context: Context) -> Call:
    name = context.op.name.lower()
    types = (*USUAL, "int16") if name in ("maximum", "minimum") else USUAL
    pair = elementwise.Pair(context, types=types)
    if pair.suffix == "f32":
        params: Params = {"reversed": int(pair.reversed)}
        return pair.call(name, params, folder="binary", struct="binary")
    if name == "pow":
        raise context.refuse(
            "TensorFlow Lite computes it in float32 only", hint=elementwise.FLOAT_HINT
        )
    if name == "squared_difference":
        params = {**pair.zero_points(), **_multipliers(pair)}
        return pair.call(name, params, exact=False, folder="binary")
    return pair.call(name, {}, exact=False, folder="binary", struct="extreme")


def output_shape(context: Context) -> tuple[int, ...]:
    return elementwise.broadcast_shape(context)


def _multipliers(pair: elementwise.Pair) -> Params:
    """Returns the multipliers of bl_squared_difference_s8, from scales in single precision."""
    output = np.float32(quantise.of(pair.context.output()).scale)
    common = pair.common_scale()
    unit = np.float32(1 << 2 * DIFFERENCE_FRACTION_BITS) * output
    square_to_output = common * common / float(unit)
    if not square_to_output < 1:
        raise pair.context.refuse("the output's scale is too small relative to the inputs'")
    return pair.multipliers(common, square_to_output)
