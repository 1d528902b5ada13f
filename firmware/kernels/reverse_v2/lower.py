"""REVERSE_V2 -> bl_strided"""

from typing import Any

import numpy as np
import numpy.typing as npt
from boardless.model.compiler import moves
from boardless.model.compiler.kernels import Alias, Call, Context


def lower(context: Context) -> Call | Alias:
    return moves.strided(context, view)


def output_shape(context: Context) -> tuple[int, ...]:
    return view(context, moves.places(context)).shape


def view(context: Context, source: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.flip(source, tuple(context.integers(1, "list of axes").reshape(-1).tolist()))
