"""UNPACK: one output per place along an axis, which they do not have any more -> bl_pieces"""

from boardless.model.compiler import moves
from boardless.model.compiler.kernels import Call, Context


def lower(context: Context) -> Call:
    axis, count = _axis(context), len(context.op.outputs)
    if context.op.options.get("num", count) != count:
        raise context.refuse(f"it gives {count} tensors, but its options say another number")
    return moves.pieces(context, 0, axis, [1] * context.input().shape[axis])


def output_shapes(context: Context) -> list[tuple[int, ...]]:
    axis, shape = _axis(context), context.input().shape
    return [shape[:axis] + shape[axis + 1 :]] * shape[axis]


def _axis(context: Context) -> int:
    return moves.checked_axis(context, context.op.options["axis"], context.input())
