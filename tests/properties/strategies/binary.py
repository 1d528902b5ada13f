"""Functions of two values: of the input and a constant, either first, or of two computed maps."""

import numpy as np
from hypothesis import strategies as st
from properties import by_value, drawing
from properties.drawing import Array, DrawnCase

OPERATORS = {
    "maximum": ("int8", "float32", "int16"),
    "minimum": ("int8", "float32", "int16"),
    "pow": ("float32",),
    "squared_difference": ("int8", "float32"),
}


def cases(operator: str, dtype: str) -> st.SearchStrategy[DrawnCase]:
    return by_value.two_operands(
        operator.upper(),
        dtype,
        full_square if operator == "squared_difference" else by_value.full_sum,
        small if operator == "pow" else by_value.any_value,
        activates=False,
    )


def full_square(draw: drawing.Draw, a: float, b: float) -> float:
    return max(a, b) ** 2 * float(draw(drawing.scales(2.0**-9, 300.0)))


def small(values: Array, zero_point: int, first: bool) -> Array:
    """A base above 0 to the power of at most 4, either of which may be made of the other."""
    return np.clip(np.abs(values), np.float32(0.01), np.float32(4))
