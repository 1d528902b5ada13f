"""RELU6 over one row of all kinds of values."""

from hypothesis import strategies as st
from properties import by_value
from properties.drawing import DrawnCase

DTYPES = ("int8", "float32", "int16")


def cases(dtype: str) -> st.SearchStrategy[DrawnCase]:
    return by_value.elementwise("RELU6", dtype)
