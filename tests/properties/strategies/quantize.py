"""QUANTIZE from float32, and from int8 to another scale and zero point."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from one_operator import Tensor, model
from properties import by_value, drawing
from properties.drawing import DrawnCase


@st.composite
def from_float(draw: Any) -> DrawnCase:
    """Values of the magnitude of the output, halves of its steps, and some that are far out."""
    shape = (1, draw(st.integers(1, 70)))
    output = draw(drawing.activations(shape, "int8"))
    steps = np.asarray(draw(drawing.integers((drawing.PICTURES, *shape[1:]), -600, 600)))
    inputs = (steps / 2 * output.scales[0]).astype(np.float32)
    far = draw(st.sampled_from([0.0, 2.0**30, -(2.0**30)]))  # the reference overflows beyond
    inputs[0, 0] = far * output.scales[0]
    return DrawnCase(
        model("QUANTIZE", [Tensor(shape, "float32")], output, {}),
        inputs,
        f"quantize float32 -> {output.scales}{output.zero_points}",
    )


def cases(dtype: str) -> st.SearchStrategy[DrawnCase]:
    return by_value.elementwise("QUANTIZE", dtype) if dtype == "int8" else from_float()
