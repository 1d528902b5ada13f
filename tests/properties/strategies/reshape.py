"""RESHAPE, to a shape in a tensor; data must come through untouched."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from one_operator import Tensor, model
from properties import drawing
from properties.drawing import DrawnCase

DTYPES = ("int8", "float32", "int16")


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    h, w, c = draw(st.integers(1, 6)), draw(st.integers(1, 6)), draw(drawing.CHANNELS)
    source = draw(drawing.activations((1, h, w, c), dtype))
    shape = draw(st.sampled_from([(1, h * w * c), (1, c, w, h), (1, h * w, c)]))
    output = Tensor(shape, dtype, source.scales, source.zero_points)
    target = Tensor((len(shape),), "int32", data=np.array(shape))
    return DrawnCase(
        model("RESHAPE", [source, target], output, {"newShape": list(shape)}),
        draw(drawing.inputs(source)),
        f"reshape {dtype} {h}x{w}x{c} to {shape}",
    )
