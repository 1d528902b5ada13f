"""MUL of the input and a constant, or of two that the model computes; repeated along any axes."""

from hypothesis import strategies as st
from properties import by_value
from properties.drawing import DrawnCase

DTYPES = ("int8", "float32", "int16")


def cases(dtype: str) -> st.SearchStrategy[DrawnCase]:
    full = by_value.wide_product if dtype == "int16" else by_value.full_product
    return by_value.two_operands("MUL", dtype, full)
