"""LEAKY_RELU: any slope below 0, a negative one and one above 1 among them."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from one_operator import model
from properties import drawing
from properties.drawing import DrawnCase

ALPHAS = drawing.mostly(st.floats(-2, 2, width=32), 0.2, 0.0, 0.01, 1.0)

DTYPES = ("int8", "float32", "int16")


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    shape = (1, draw(st.integers(1, 70)))
    alpha = float(np.float32(draw(ALPHAS)))
    source = draw(drawing.activations(shape, dtype))
    scale = 0.0
    if dtype != "float32":
        bits = 16 if dtype == "int16" else 8
        ratio = draw(drawing.real_multipliers((1 << bits) - 1, 1 << bits))
        scale = float(np.float32(min(max(source.scales[0] / ratio, 1e-6), 1e6)))
    output = draw(drawing.activations(shape, dtype, scale))
    return DrawnCase(
        model("LEAKY_RELU", [source], output, {"alpha": alpha}),
        draw(drawing.inputs(source)),
        f"leaky_relu {dtype} alpha {alpha}, {source.scales}{source.zero_points} -> "
        f"{output.scales}{output.zero_points}",
    )
