"""DIV, by divisors other than 0; quotients within what TFLite shifts by no more than 31 bits."""

import numpy as np
from hypothesis import strategies as st
from properties import by_value, drawing
from properties.drawing import Array, DrawnCase


def cases(dtype: str) -> st.SearchStrategy[DrawnCase]:
    return by_value.two_operands("DIV", dtype, full, legal)


def full(draw: drawing.Draw, a: float, b: float) -> float:
    return a / b / float(draw(drawing.scales(256.0, 2.0**20)))


def legal(values: Array, zero_point: int, first: bool) -> Array:
    """No 0, in either of them: the divisor may be made of the dividend."""
    if values.dtype == np.float32:
        return values + np.where(values < 0, np.float32(-0.01), np.float32(0.01))
    return np.where(
        values == zero_point, zero_point + (1 if zero_point < 127 else -1), values
    ).astype(values.dtype)
