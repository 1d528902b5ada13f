"""PACK of sizes."""

from typing import Any

import numpy as np
import numpy.typing as npt
from boardless.model.compiler.kernels import Context


def value(context: Context) -> npt.NDArray[Any] | None:
    count = len(context.op.inputs)
    return np.stack([context.integers(i, "size") for i in range(count)], context.op.options["axis"])
