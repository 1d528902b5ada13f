"""ADD with a constant on either side, repeated along any axes."""

from hypothesis import strategies as st
from properties import drawing
from properties.drawing import Case


def cases(dtype: str) -> st.SearchStrategy[Case]:
    return drawing.with_constant("ADD", dtype)
