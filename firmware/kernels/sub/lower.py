"""SUB -> bl_sub_f32, or the int8 kernels of ADD with the multiplier of what is subtracted negated,
or bl_add_s16 with its sign"""

from boardless.model.compiler import elementwise, linear, wide
from boardless.model.compiler.kernels import USUAL, Call, Context
from boardless.model.traits import Rounding


def lower(context: Context) -> Call:
    pair = elementwise.Pair(context, types=(*USUAL, "int16"))
    if pair.suffix == "s16":
        return wide.signed_sum(pair, sign=-1)
    if pair.suffix == "f32":
        return pair.call("sub", {"reversed": int(pair.reversed), **context.activation()})
    if context.rounding is Rounding.FLOAT:
        params = context.activation() | pair.real_sum(sign=-1)
        return pair.call("add_real", params, exact=False, folder="add")
    params = {**pair.zero_points(), **pair.sum_multipliers(), **context.activation()}
    params["a_multiplier" if pair.reversed else "b_multiplier"] *= -1
    return linear.call(pair, params)


def output_shape(context: Context) -> tuple[int, ...]:
    return elementwise.broadcast_shape(context)
