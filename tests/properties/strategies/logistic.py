"""LOGISTIC; its int8 output has scale 1/256 and zero point -128, int16 1/32768 and 0."""

import numpy as np
from hypothesis import strategies as st
from one_operator import Tensor, model
from properties import by_value, drawing
from properties.drawing import DrawnCase

DTYPES = ("int8", "float32", "int16")


def cases(dtype: str) -> st.SearchStrategy[DrawnCase]:
    (scale, *_), (zero_point,) = drawing.PROBABILITIES["int16" if dtype == "int16" else "int8"]
    given = drawing.sigmoid_scales() if dtype == "int16" else None
    return by_value.elementwise(
        "LOGISTIC", dtype, scale=scale, zero_point=zero_point, source_scales=given
    )


def _fixed() -> list[DrawnCase]:
    """Values on either side of where TFLite takes another formula; next to greater ones its
    outputs would be too small to show."""
    fed = np.array([[-9.9, -9.5, -9.0, -10.5], [-8.9, -8.5, -9.0, -8.1]], np.float32)
    tensor = Tensor((1, 4), "float32")
    return [DrawnCase(model("LOGISTIC", [tensor], tensor), fed, "logistic float32 around -9")]


FIXED = {"float32": _fixed}
