"""SLICE -> bl_strided"""

from typing import Any

import numpy.typing as npt
from boardless.model.compiler import moves
from boardless.model.compiler.kernels import Alias, Call, Context


def lower(context: Context) -> Call | Alias:
    return moves.strided(context, view)


def output_shape(context: Context) -> tuple[int, ...]:
    return view(context, moves.places(context)).shape


def view(context: Context, source: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Returns the part; a size of -1 reaches to the axis's end."""
    begins, sizes = (context.integers(i, what).tolist() for i, what in ((1, "begin"), (2, "size")))
    index = []
    for length, begin, size in zip(source.shape, begins, sizes, strict=True):
        end = length if size == -1 else begin + size
        if not 0 <= begin < end <= length:
            raise context.refuse(f"there are no {size} places from {begin} of {length}")
        index.append(slice(begin, end))
    return source[tuple(index)]
