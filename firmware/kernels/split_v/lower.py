"""SPLIT_V into pieces of given lengths -> bl_pieces"""

from boardless.model.compiler import moves
from boardless.model.compiler.kernels import Call, Context


def lower(context: Context) -> Call:
    return moves.pieces(context, 0, moves.axis(context, 2, context.input()), _lengths(context))


def output_shapes(context: Context) -> list[tuple[int, ...]]:
    axis, shape = moves.axis(context, 2, context.input()), context.input().shape
    return [(*shape[:axis], length, *shape[axis + 1 :]) for length in _lengths(context)]


def _lengths(context: Context) -> list[int]:
    """A length of -1 is what the others leave."""
    lengths: list[int] = context.integers(1, "list of lengths").reshape(-1).tolist()
    if lengths.count(-1) == 1:
        size = context.input().shape[moves.axis(context, 2, context.input())]
        lengths[lengths.index(-1)] = size - sum(lengths) - 1
    return lengths
