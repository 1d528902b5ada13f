"""MUL of the input and a constant, or of two that the model computes; repeated along any axes."""

import numpy as np
from hypothesis import strategies as st
from one_operator import Tensor, model
from properties import by_value
from properties.drawing import DrawnCase
from properties.steps import Step

DTYPES = ("int8", "float32", "int16")


def steps(
    source: Tensor, other: Tensor, also: int | None = None, filling: bool = False
) -> st.SearchStrategy[Step]:
    return by_value.steps("MUL", source, other, also, by_value.full_product, filling)


def cases(dtype: str) -> st.SearchStrategy[DrawnCase]:
    full = by_value.wide_product if dtype == "int16" else by_value.full_product
    return by_value.two_operands("MUL", dtype, full)


def _fixed() -> list[DrawnCase]:
    """Products of which each unit shows, and halves of them: of either sign, shifted to neither
    side and to the left."""
    fed = np.array([[-9, -8, -3, -1, 0, 1, 5, 9], [9, -7, 6, -5, 4, -3, 2, 1]], np.int8)
    source, other = Tensor((1, 8), "int8", (1.0,)), Tensor((8,), "int8", (1.0,))
    other.data = np.array([3, -5, 7, 9, -1, -3, 5, -7])
    found = []
    for scale in (1.0, 2.0):
        content = model("MUL", [source, other], Tensor((1, 8), "int8", (scale,)), {})
        found.append(DrawnCase(content, fed, f"mul of units, to steps of {scale}"))
    return found


FIXED = {"int8": _fixed}
