"""CONCATENATION of lists of sizes."""

from typing import Any

import numpy as np
import numpy.typing as npt
from boardless.model.compiler.kernels import Context


def value(context: Context) -> npt.NDArray[Any] | None:
    count = len(context.op.inputs)
    lists = [context.integers(i, "list") for i in range(count)]
    return np.concatenate(lists, context.op.options["axis"])
