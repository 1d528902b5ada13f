"""SPACE_TO_BATCH_ND -> bl_space_to_batch_nd. That of a dilated convolution is part of it by now."""

import math

from boardless.model.compiler import moves, quantise
from boardless.model.compiler.kernels import Call, Context


def lower(context: Context) -> Call:
    source = context.input()
    moves.same_kind(context, source)
    height, width, channels = moves.as_map(context, source)
    blocks, paddings = moves.blocks(context, "paddings")
    shape = output_shape(context)
    return Call(
        function="bl_space_to_batch_nd_ref",
        params_type="bl_space_to_batch_nd",
        params={
            "unit": moves.unit(source),
            "input_h": height,
            "input_w": width,
            "channels": channels,
            "block_h": blocks[0],
            "block_w": blocks[1],
            "pad_top": paddings[0][0],
            "pad_left": paddings[1][0],
            "output_h": shape[1],
            "output_w": shape[2] if len(shape) == 4 else 1,
            "fill": quantise.of(source).zero_point if source.dtype == "int8" else 0,
            "count": math.prod(shape),
        },
        header="space_to_batch_nd/space_to_batch_nd.h",
    )


def output_shape(context: Context) -> tuple[int, ...]:
    shape = context.input().shape
    blocks, paddings = moves.blocks(context, "paddings")
    sides = []
    for size, block, pair in zip(shape[1:-1], blocks, paddings, strict=False):
        side, rest = divmod(size + sum(pair), block)
        if rest or min(pair) < 0:
            raise context.refuse(f"blocks of {blocks} do not fit the input {shape} and {paddings}")
        sides.append(side)
    return (shape[0] * math.prod(blocks), *sides, shape[-1])
