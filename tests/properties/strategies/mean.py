"""MEAN over height, width, channels or several of them, with and without keeping them; scales far
apart."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from one_operator import Tensor, model
from properties import drawing
from properties.drawing import DrawnCase

DTYPES = ("int8", "float32", "int16")


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    h, w, c = draw(st.integers(1, 17)), draw(st.integers(1, 17)), draw(drawing.CHANNELS)
    axes = draw(st.sampled_from([[1, 2], [2, 1], [-3, -2], [1], [2], [3], [1, 2, 3]]))
    keep = draw(st.booleans())
    source = draw(drawing.activations((1, h, w, c), dtype))
    scale = 0.0
    if dtype != "float32":  # the sum, times the ratio, must stay within 32 bits
        largest, levels = (255, 256) if dtype == "int8" else (32768, 1 << 16)
        ratio = draw(drawing.real_multipliers(largest * h * w * c, levels))
        scale = float(np.float32(min(source.scales[0] / ratio, 1e11)))
    output = draw(drawing.activations(drawing.reduced(source.shape, axes, keep), dtype, scale))
    sizes = Tensor((len(axes),), "int32", data=np.array(axes))
    inputs = draw(drawing.inputs(source))
    return DrawnCase(
        model("MEAN", [source, sizes], output, {"keepDims": keep}),
        inputs,
        f"mean {dtype} {h}x{w}x{c} axes {axes}",
        float(np.abs(inputs).max()),
    )
