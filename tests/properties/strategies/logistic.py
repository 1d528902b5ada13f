"""LOGISTIC; its int8 output has scale 1/256 and zero point -128."""

from hypothesis import strategies as st
from properties import by_value
from properties.drawing import DrawnCase


def cases(dtype: str) -> st.SearchStrategy[DrawnCase]:
    return by_value.elementwise("LOGISTIC", dtype, scale=1 / 256, zero_point=-128)
