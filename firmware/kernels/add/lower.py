"""ADD -> bl_add_*"""

from boardless.model.compiler import elementwise
from boardless.model.compiler.kernels import Call, Context


def lower(context: Context) -> Call:
    pair = elementwise.Pair(context)
    params = context.activation()
    if context.suffix() == "s8":
        params |= {**pair.zero_points(), **pair.sum_multipliers()}
    return pair.call("add", params)


def output_shape(context: Context) -> tuple[int, ...]:
    return elementwise.broadcast_shape(context)
