"""DEPTH_TO_SPACE -> bl_strided"""

from typing import Any

import numpy.typing as npt
from boardless.model.compiler import moves
from boardless.model.compiler.kernels import Alias, Call, Context


def lower(context: Context) -> Call | Alias:
    return moves.strided(context, view)


def output_shape(context: Context) -> tuple[int, ...]:
    n, h, w, c = context.input().shape
    block = context.op.options["block_size"]
    return n, h * block, w * block, c // block**2


def view(context: Context, source: npt.NDArray[Any]) -> npt.NDArray[Any]:
    n, h, w, c = source.shape
    block = context.op.options["block_size"]
    blocks = source.reshape(n, h, w, block, block, c // block**2)
    return blocks.transpose(0, 1, 3, 2, 4, 5)
