"""EXPAND_DIMS; data must come through untouched."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from one_operator import Tensor, model
from properties import drawing
from properties.drawing import DrawnCase


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    h, c = draw(st.integers(1, 9)), draw(drawing.CHANNELS)
    source = draw(drawing.activations((1, h, c), dtype))
    output = Tensor((1, h, 1, c), dtype, source.scales, source.zero_points)
    axis = Tensor((1,), "int32", data=np.array([2]))
    content = model("EXPAND_DIMS", [source, axis], output, {})
    return DrawnCase(content, draw(drawing.inputs(source)), f"expand_dims {dtype} {h}x{c}")
