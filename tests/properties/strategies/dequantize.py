"""DEQUANTIZE from int8 to float32."""

from typing import Any

from hypothesis import strategies as st
from one_operator import Tensor, model
from properties import drawing
from properties.drawing import DrawnCase

DTYPES = ("int8", "int16")


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    shape = (1, draw(st.integers(1, 70)))
    source = draw(drawing.activations(shape, dtype))
    return DrawnCase(
        model("DEQUANTIZE", [source], Tensor(shape, "float32"), {}),
        draw(drawing.inputs(source)),
        f"dequantize {shape[1]} values, scale {source.scales}",
    )
