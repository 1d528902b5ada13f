"""STRIDED_SLICE of a list of sizes."""

from typing import Any

import numpy as np
import numpy.typing as npt
from boardless.model.compiler.kernels import Context


def value(context: Context) -> npt.NDArray[Any] | None:
    sizes = context.integers(0, "list")
    begin, end, step = (int(context.integers(i, "index").item()) for i in (1, 2, 3))
    options = context.op.options
    if sizes.ndim != 1 or options.get("ellipsis_mask") or options.get("new_axis_mask"):
        return None
    if options.get("shrink_axis_mask"):
        return np.array(sizes[begin])
    first = None if options.get("begin_mask") else begin
    last = None if options.get("end_mask") else end
    return sizes[first:last:step]
