"""TRANSPOSE -> bl_strided"""

from typing import Any

import numpy.typing as npt
from boardless.model.compiler import moves
from boardless.model.compiler.kernels import Alias, Call, Context


def lower(context: Context) -> Call | Alias:
    return moves.strided(context, view)


def output_shape(context: Context) -> tuple[int, ...]:
    return view(context, moves.places(context)).shape


def view(context: Context, source: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return source.transpose(context.integers(1, "order of axes").tolist())
