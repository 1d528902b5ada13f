"""SQUEEZE; data must come through untouched."""

from typing import Any

from hypothesis import strategies as st
from one_operator import Tensor, model
from properties import drawing
from properties.drawing import DrawnCase


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    h, c = draw(st.integers(1, 9)), draw(drawing.CHANNELS)
    source = draw(drawing.activations((1, h, 1, c), dtype))
    output = Tensor((1, h, c), dtype, source.scales, source.zero_points)
    content = model("SQUEEZE", [source], output, {"squeezeDims": [2]})
    return DrawnCase(content, draw(drawing.inputs(source)), f"squeeze {dtype} {h}x{c}")
