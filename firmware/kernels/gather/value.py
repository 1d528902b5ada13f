"""GATHER from a list of sizes."""

from typing import Any

import numpy as np
import numpy.typing as npt
from boardless.model.compiler.kernels import Context


def value(context: Context) -> npt.NDArray[Any] | None:
    sizes, places = context.integers(0, "list"), context.integers(1, "index")
    if sizes.ndim != 1 or context.op.options.get("batch_dims"):
        return None
    return np.asarray(sizes[places])
