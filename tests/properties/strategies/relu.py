"""RELU over one row of all kinds of values."""

from hypothesis import strategies as st
from properties import drawing
from properties.drawing import Case


def cases(dtype: str) -> st.SearchStrategy[Case]:
    return drawing.elementwise("RELU", dtype)
