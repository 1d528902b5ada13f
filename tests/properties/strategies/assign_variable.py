"""ASSIGN_VARIABLE: a variable that is assigned the input, then read. Some that live on are in
tests/emulated/test_streaming.py."""

from typing import Any

import streaming
from hypothesis import strategies as st
from one_operator import Tensor
from properties import drawing
from properties.drawing import DrawnCase


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    source = draw(drawing.activations((1, draw(st.integers(1, 70))), dtype))
    output = Tensor(source.shape, dtype, source.scales, source.zero_points)
    inputs = draw(drawing.inputs(source))
    return DrawnCase(
        streaming.assigned(source, output), inputs, f"assign_variable {dtype} {source.shape}"
    )
