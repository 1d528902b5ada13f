"""MEAN over height and width, with and without keeping them; scales far apart."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from one_operator import Tensor, model
from properties import drawing
from properties.drawing import Case


@st.composite
def cases(draw: Any, dtype: str) -> Case:
    h, w, c = draw(st.integers(1, 17)), draw(st.integers(1, 17)), draw(drawing.CHANNELS)
    keep = draw(st.booleans())
    source = draw(drawing.activations((1, h, w, c), dtype))
    scale = 0.0
    if dtype == "int8":  # the sum, at most 255 h w, times the ratio must stay within 32 bits
        ratio = draw(drawing.real_multipliers(255 * h * w))
        scale = float(np.float32(min(source.scales[0] / ratio, 1e11)))
    output = draw(drawing.activations((1, 1, 1, c) if keep else (1, c), dtype, scale))
    axes = Tensor((2,), "int32", data=np.array(draw(st.sampled_from([[1, 2], [2, 1], [-3, -2]]))))
    inputs = draw(drawing.inputs(source))
    return Case(
        model("MEAN", [source, axes], output, {"keepDims": keep}),
        inputs,
        f"mean {dtype} {h}x{w}x{c}",
        float(np.abs(inputs).max()),
    )
