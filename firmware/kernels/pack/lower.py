"""PACK: its inputs side by side along a new axis -> bl_concatenation"""

import math

from boardless.model.compiler import moves
from boardless.model.compiler.kernels import Call, Context, module


def lower(context: Context) -> Call:
    shape, count = context.input().shape, len(context.op.inputs)
    if context.op.options.get("values_count", count) != count:
        raise context.refuse(f"it packs {count} tensors, but its options say another number")
    for i in range(1, len(context.op.inputs)):
        if context.input(i).shape != shape:
            raise context.refuse(f"it packs {shape} with {context.input(i).shape}")
    axis = _axis(context)
    lengths = [math.prod(shape[axis:])] * count
    call: Call = module("CONCATENATION").joined(context, math.prod(shape[:axis]), lengths)
    return call


def output_shape(context: Context) -> tuple[int, ...]:
    shape, axis = context.input().shape, _axis(context)
    return (*shape[:axis], len(context.op.inputs), *shape[axis:])


def _axis(context: Context) -> int:
    return moves.checked_axis(context, context.op.options["axis"], context.output())
