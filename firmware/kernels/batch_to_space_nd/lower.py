"""BATCH_TO_SPACE_ND -> bl_indexed. That of a dilated convolution is part of it by now."""

import math

import numpy as np
from boardless.model.compiler import moves
from boardless.model.compiler.kernels import Call, Context


def lower(context: Context) -> Call:
    source = context.input()
    moves.same_kind(context, source)
    shape = (
        (*source.shape[:-1], 1, source.shape[-1])[:4] if len(source.shape) == 3 else source.shape
    )
    maps, height, width, channels = shape
    blocks, crops = moves.blocks(context, "crops")
    target = output_shape(context)
    rows, columns = (
        np.arange(size) + crop[0]
        for size, crop in zip((target[1], target[2] if len(target) == 4 else 1), crops, strict=True)
    )
    pixel = channels * height * width  # of the next smaller map
    down, right = channels * width, channels
    tables = [
        rows % blocks[0] * blocks[1] * pixel + rows // blocks[0] * down,
        columns % blocks[1] * pixel + columns // blocks[1] * right,
    ]
    assert maps == math.prod(blocks)
    return moves.by_tables(context, tables, channels)


def output_shape(context: Context) -> tuple[int, ...]:
    shape = context.input().shape
    blocks, crops = moves.blocks(context, "crops")
    maps = math.prod(blocks)
    if shape[0] != maps:
        raise context.refuse(f"{shape[0]} maps do not make blocks of {blocks[0]}x{blocks[1]}")
    sides = []
    for size, block, pair in zip(shape[1:-1], blocks, crops, strict=False):
        side = size * block - sum(pair)
        if side < 1 or min(pair) < 0:
            raise context.refuse(f"it crops {pair} of {size * block} pixels")
        sides.append(side)
    return (1, *sides, shape[-1])
