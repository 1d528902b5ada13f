"""HARD_SWISH; TFLite's 16-bit arithmetic allows the output's scale only near the input's."""

from hypothesis import strategies as st
from properties import by_value
from properties.drawing import DrawnCase


def cases(dtype: str) -> st.SearchStrategy[DrawnCase]:
    return by_value.elementwise("HARD_SWISH", dtype, finest=1 / 100, coarsest=100)
