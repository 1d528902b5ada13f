"""CAST of sizes to another type of integers."""

from typing import Any

import numpy.typing as npt
from boardless.model.compiler.kernels import Context


def value(context: Context) -> npt.NDArray[Any] | None:
    return context.integers(0, "list of sizes")
