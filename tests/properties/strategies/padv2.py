"""PADV2: PAD with a value of its own."""

from hypothesis import strategies as st
from properties.drawing import DrawnCase
from properties.strategies.pad import pads

DTYPES = ("int8", "float32", "int16")


def cases(dtype: str) -> st.SearchStrategy[DrawnCase]:
    return pads("PADV2", dtype)
