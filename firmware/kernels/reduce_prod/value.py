"""REDUCE_PROD of a list of sizes."""

from typing import Any

import numpy as np
import numpy.typing as npt
from boardless.model.compiler.kernels import Context


def value(context: Context) -> npt.NDArray[Any] | None:
    sizes, axes = context.integers(0, "list"), context.integers(1, "list of axes")
    keep = bool(context.op.options.get("keep_dims"))
    return np.asarray(np.prod(sizes, axis=tuple(axes.reshape(-1).tolist()), keepdims=keep))
