"""Reductions over height, width, channels or several of them."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from one_operator import Tensor, model
from properties import drawing
from properties.drawing import DrawnCase

OPERATORS = {"reduce_min": ("int8", "float32", "int16"), "sum": ("float32",)}


@st.composite
def cases(draw: Any, operator: str, dtype: str) -> DrawnCase:
    h, w, c = draw(st.integers(1, 9)), draw(st.integers(1, 9)), draw(drawing.CHANNELS)
    axes = draw(st.sampled_from([[1, 2], [2, 1], [-3, -2], [1], [2], [3], [1, 2, 3]]))
    keep = draw(st.booleans())
    source = draw(drawing.activations((1, h, w, c), dtype))
    shape = drawing.reduced(source.shape, axes, keep)
    output = Tensor(shape, dtype, source.scales, source.zero_points)
    if operator == "sum" and dtype != "float32":  # which some references alone compute
        ratio = draw(drawing.real_multipliers(255 * h * w * c, 256))
        scale = float(np.float32(min(source.scales[0] / ratio, 1e11)))
        output = draw(drawing.activations(shape, dtype, scale))
    sizes = Tensor((len(axes),), "int32", data=np.array(axes))
    inputs = draw(drawing.inputs(source))
    return DrawnCase(
        model(operator.upper(), [source, sizes], output, {"keepDims": keep}),
        inputs,
        f"{operator} {dtype} {h}x{w}x{c} axes {axes}",
        float(np.abs(inputs).max()),
    )
