"""TANH over one row of all kinds of values."""

from hypothesis import strategies as st
from properties import by_value
from properties.drawing import DrawnCase


def cases(dtype: str) -> st.SearchStrategy[DrawnCase]:
    return by_value.elementwise("TANH", dtype)
