"""GATHER of the places that a constant lists -> bl_indexed"""

from boardless.model.compiler import moves
from boardless.model.compiler.kernels import Call, Context


def lower(context: Context) -> Call:
    if context.op.options.get("batch_dims", 0):
        raise context.refuse("it has batch dimensions; boardless gathers the same places in each")
    return moves.indexed(context, {_axis(context): context.integers(1, "list of places")})


def output_shape(context: Context) -> tuple[int, ...]:
    axis, shape = _axis(context), context.input().shape
    return (*shape[:axis], *context.input(1).shape, *shape[axis + 1 :])


def _axis(context: Context) -> int:
    return moves.checked_axis(context, context.op.options["axis"], context.input())
