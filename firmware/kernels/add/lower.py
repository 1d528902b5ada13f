"""ADD -> bl_add_*"""

from boardless.model.compiler import elementwise, linear, wide
from boardless.model.compiler.kernels import USUAL, Call, Context
from boardless.model.traits import Rounding


def lower(context: Context) -> Call:
    pair = elementwise.Pair(context, types=(*USUAL, "int16"))
    if pair.suffix == "s16":
        return wide.signed_sum(pair, sign=1, broadcasts=False)
    params = context.activation()
    if pair.suffix == "s8" and context.rounding is Rounding.FLOAT:
        return pair.call("add_real", params | pair.real_sum(), exact=False, folder="add")
    if pair.suffix == "s8":
        return linear.call(pair, params | {**pair.zero_points(), **pair.sum_multipliers()})
    return pair.call("add", params)


def output_shape(context: Context) -> tuple[int, ...]:
    return elementwise.broadcast_shape(context)
