"""TANH over one row of all kinds of values."""

from hypothesis import strategies as st
from properties import by_value, drawing
from properties.drawing import DrawnCase

DTYPES = ("int8", "float32", "int16")


def cases(dtype: str) -> st.SearchStrategy[DrawnCase]:
    if dtype != "int16":
        return by_value.elementwise("TANH", dtype)
    scales = drawing.sigmoid_scales()
    return by_value.elementwise("TANH", dtype, scale=1 / 32768, source_scales=scales)
