"""LOGISTIC; its int8 output has scale 1/256 and zero point -128, int16 1/32768 and 0."""

from hypothesis import strategies as st
from properties import by_value, drawing
from properties.drawing import DrawnCase

DTYPES = ("int8", "float32", "int16")


def cases(dtype: str) -> st.SearchStrategy[DrawnCase]:
    (scale, *_), (zero_point,) = drawing.PROBABILITIES["int16" if dtype == "int16" else "int8"]
    given = drawing.sigmoid_scales() if dtype == "int16" else None
    return by_value.elementwise(
        "LOGISTIC", dtype, scale=scale, zero_point=zero_point, source_scales=given
    )
