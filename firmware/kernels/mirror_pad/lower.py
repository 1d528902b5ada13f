"""MIRROR_PAD, with the edge repeated or not -> bl_indexed"""

import numpy as np
import numpy.typing as npt
from boardless.model.compiler import moves
from boardless.model.compiler.kernels import Call, Context


def lower(context: Context) -> Call:
    shape, pairs = context.input().shape, context.integers(1, "list of paddings")
    again = int(context.op.options["mode"])  # 1: the value at the edge comes twice
    if again not in (0, 1):
        raise context.refuse(f"mode {again} is unknown")
    if pairs.shape != (len(shape), 2):
        raise context.refuse(f"its paddings do not fit the input {shape}")
    places = {}
    for axis, (size, pair) in enumerate(zip(shape, pairs.tolist(), strict=True)):
        if not 0 <= min(pair) <= max(pair) <= size + again - 1:
            raise context.refuse(f"paddings {pair} of an axis of {size}")
        if any(pair):
            places[axis] = _mirrored(size, pair[0], pair[1], again)
    return moves.indexed(context, places)


def output_shape(context: Context) -> tuple[int, ...]:
    pairs = context.integers(1, "list of paddings").tolist()
    sizes = zip(context.input().shape, pairs, strict=True)
    return tuple(before + size + after for size, (before, after) in sizes)


def _mirrored(size: int, before: int, after: int, again: int) -> npt.NDArray[np.int64]:
    inside = np.arange(size)
    left = inside[1 - again : 1 - again + before][::-1]
    right = inside[::-1][1 - again : 1 - again + after]
    return np.concatenate([left, inside, right])
