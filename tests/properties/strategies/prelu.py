"""PRELU: slopes of one value, per channel, or per value, below 0 and above 1 among them."""

import dataclasses
from typing import Any

import numpy as np
from hypothesis import strategies as st
from one_operator import model
from properties import drawing
from properties.drawing import DrawnCase


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    h, w, c = draw(st.integers(1, 5)), draw(st.integers(1, 5)), draw(drawing.CHANNELS)
    source = draw(drawing.activations((1, h, w, c), dtype))
    shape = draw(st.sampled_from([(1, 1, c), (c,), (1,), (h, w, c), (h, 1, 1)]))
    slopes = draw(drawing.activations(shape, dtype))
    slopes.data = draw(drawing.integers(shape) if dtype == "int8" else drawing.floats(shape))
    scale = 0.0
    if dtype == "int8":
        slopes = dataclasses.replace(slopes, scales=(draw(drawing.scales(1e-4, 1.0)),))
        ratio = draw(drawing.real_multipliers(255 * 255))
        scale = float(np.float32(min(max(source.scales[0] / ratio, 1e-6), 1e6)))
    output = draw(drawing.activations(source.shape, dtype, scale))
    return DrawnCase(
        model("PRELU", [source, slopes], output, {}),
        draw(drawing.inputs(source)),
        f"prelu {dtype} {h}x{w}x{c}, slopes {shape} {slopes.scales}, {source.scales} -> "
        f"{output.scales}",
    )
