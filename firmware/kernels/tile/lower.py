"""TILE -> bl_strided"""

from typing import Any

import numpy as np
import numpy.typing as npt
from boardless.model.compiler import moves
from boardless.model.compiler.kernels import Alias, Call, Context


def lower(context: Context) -> Call | Alias:
    return moves.strided(context, view)


def output_shape(context: Context) -> tuple[int, ...]:
    times = context.integers(1, "list of repetitions").tolist()
    return tuple(n * size for n, size in zip(times, context.input().shape, strict=True))


def view(context: Context, source: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Returns the view with an axis of repetitions before each axis."""
    times = context.integers(1, "list of repetitions").tolist()
    pairs = list(zip(times, source.shape, strict=True))
    alone = source.reshape([n for size in source.shape for n in (1, size)])
    return np.broadcast_to(alone, [n for pair in pairs for n in pair])
