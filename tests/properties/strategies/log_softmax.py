"""LOG_SOFTMAX over one row and over several; any input scale that fixed point can hold."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from one_operator import Tensor, model
from properties import drawing
from properties.drawing import DrawnCase


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    count = draw(drawing.mostly(st.integers(1, 300), 1, 2, 10))
    shape = draw(st.sampled_from([(1, count), (1, 1, 1, count), (1, 3, count)]))
    source = draw(drawing.activations(shape, dtype))
    output = Tensor(shape, dtype, (1 / 16,) if dtype == "int8" else (), (127,))
    inputs = draw(drawing.inputs(source))
    return DrawnCase(
        model("LOG_SOFTMAX", [source], output),
        inputs,
        f"log_softmax {dtype} of {shape}, scale {source.scales}",
    )


def _fixed() -> list[DrawnCase]:
    """Rows with values as far below the greatest as counts, and a step further."""
    found = []
    for scale, row in ((0.5, [100, 71, 70, 69, 68]), (8.0, [1] + [0] * 290 + [-1])):
        fed = np.array([row, row[::-1]], np.int8)
        source = Tensor((1, len(row)), "int8", (scale,), (0,))
        output = Tensor(source.shape, "int8", (1 / 16,), (127,))
        content = model("LOG_SOFTMAX", [source], output)
        found.append(DrawnCase(content, fed, f"log_softmax, scale {scale}, fixed"))
    return found


FIXED = {"int8": _fixed}
