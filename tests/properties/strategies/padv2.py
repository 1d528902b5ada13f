"""PADV2: PAD with a value of its own."""

from hypothesis import strategies as st
from properties.drawing import Case
from properties.strategies.pad import pads


def cases(dtype: str) -> st.SearchStrategy[Case]:
    return pads("PADV2", dtype)
