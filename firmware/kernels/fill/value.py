"""FILL is known when the model is compiled: one value everywhere, in a shape that is known."""

from typing import Any

import numpy as np
import numpy.typing as npt
from boardless.model.compiler.kernels import Context

ANY_TYPE = True  # values are moved as they are


def value(context: Context) -> npt.NDArray[Any] | None:
    shape = context.integers(0, "shape").tolist()
    single = context.constant(1, "value").data
    return None if single is None else np.broadcast_to(single.reshape(()), shape)
