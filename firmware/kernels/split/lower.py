"""SPLIT into equal pieces -> bl_pieces"""

from boardless.model.compiler import moves
from boardless.model.compiler.kernels import Call, Context


def lower(context: Context) -> Call:
    axis, count = _axis(context), len(context.op.outputs)
    return moves.pieces(context, 1, axis, [context.input(1).shape[axis] // count] * count)


def output_shapes(context: Context) -> list[tuple[int, ...]]:
    axis, shape = _axis(context), context.input(1).shape
    count = len(context.op.outputs)
    return [(*shape[:axis], shape[axis] // count, *shape[axis + 1 :])] * count


def _axis(context: Context) -> int:
    return moves.axis(context, 0, context.input(1))
