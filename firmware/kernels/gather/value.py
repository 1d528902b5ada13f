"""GATHER from a constant."""

from typing import Any

import numpy as np
import numpy.typing as npt
from boardless.model.compiler import moves
from boardless.model.compiler.kernels import Context, module

ANY_TYPE = True  # values are moved as they are


def value(context: Context) -> npt.NDArray[Any] | None:
    return moves.constant(context, taken)


def taken(context: Context, source: npt.NDArray[Any]) -> npt.NDArray[Any]:
    places = context.integers(1, "list of places")
    if context.op.options.get("batch_dims", 0) or places.min(initial=0) < 0:
        raise context.refuse("it has batch dimensions, or negative places")
    shape = module(context.op.name).output_shape(context)
    if shape != context.output().shape and not context.graph.open_shapes:
        raise context.refuse("its output has another shape")  # before anything is as large
    return np.asarray(np.take(source, places, context.op.options["axis"]))
