"""MUL of sizes."""

from typing import Any

import numpy as np
import numpy.typing as npt
from boardless.model.compiler.kernels import Context


def value(context: Context) -> npt.NDArray[Any] | None:
    a, b = context.integers(0, "size"), context.integers(1, "size")
    return np.asarray(a.astype(np.int64) * b.astype(np.int64))
