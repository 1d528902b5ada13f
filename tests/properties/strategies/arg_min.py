"""ARG_MIN over any axis."""

from hypothesis import strategies as st
from properties.drawing import DrawnCase
from properties.strategies.arg_max import places


def cases(dtype: str) -> st.SearchStrategy[DrawnCase]:
    return places("ARG_MIN", dtype)
