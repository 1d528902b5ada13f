"""QUANTIZE from int8 to int8 of another scale and zero point."""

from hypothesis import strategies as st
from properties import drawing
from properties.drawing import Case

DTYPES = ("int8",)


def cases(dtype: str) -> st.SearchStrategy[Case]:
    return drawing.elementwise("QUANTIZE", dtype)
