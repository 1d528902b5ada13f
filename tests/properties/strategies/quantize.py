"""QUANTIZE from float32, and between integers of any width, scale and zero point."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from one_operator import Tensor, model
from properties import by_value, drawing
from properties.drawing import DrawnCase

DTYPES = ("int8", "float32", "int16")
# to and from int16
PAIRS = [("int16", "int16"), ("int8", "int16"), ("int16", "int8"), ("int16", "int32")]
PAIRS += [("int32", "int16"), ("int32", "int8")]


@st.composite
def from_float(draw: Any, dtype: str = "int8") -> DrawnCase:
    """Values of the magnitude of the output, halves of its steps, and some that are far out."""
    shape = (1, draw(st.integers(1, 70)))
    output = draw(drawing.activations(shape, dtype))
    steps = np.asarray(draw(drawing.integers((drawing.PICTURES, *shape[1:]), -600, 600)))
    steps = steps * (256 if dtype == "int16" else 1)
    inputs = (steps / 2 * output.scales[0]).astype(np.float32)
    far = draw(st.sampled_from([0.0, 2.0**30, -(2.0**30)]))  # the reference overflows beyond
    inputs[0, 0] = far * output.scales[0]
    return DrawnCase(
        model("QUANTIZE", [Tensor(shape, "float32")], output, {}),
        inputs,
        f"quantize float32 -> {output.scales}{output.zero_points}",
    )


@st.composite
def between(draw: Any, source_type: str, output_type: str) -> DrawnCase:
    shape = (1, draw(st.integers(1, 70)))
    source = draw(drawing.activations(shape, source_type))
    bits = np.iinfo(source_type).bits
    ratio = draw(drawing.real_multipliers((1 << bits) - 1, 1 << np.iinfo(output_type).bits))
    scale = float(np.float32(min(max(source.scales[0] / ratio, 1e-9), 1e9)))
    output = draw(drawing.activations(shape, output_type, scale))
    return DrawnCase(
        model("QUANTIZE", [source], output, {}),
        draw(drawing.inputs(source)),
        f"quantize {source_type} {source.scales}{source.zero_points} -> "
        f"{output_type} {output.scales}{output.zero_points}",
    )


def cases(dtype: str) -> st.SearchStrategy[DrawnCase]:
    if dtype == "int16":
        pairs = st.sampled_from(PAIRS).flatmap(lambda pair: between(*pair))
        return st.one_of(from_float(dtype), pairs)
    return by_value.elementwise("QUANTIZE", dtype) if dtype == "int8" else from_float()


def _fixed() -> list[DrawnCase]:
    """An int16 output with a zero point."""
    output = Tensor((1, 5), "int16", (0.5,), (-300,))
    fed = np.array([[-2e4, -0.25, 0.0, 0.75, 2e4], [1.0, 149.75, 150.25, 5.0, -5.0]], np.float32)
    content = model("QUANTIZE", [Tensor((1, 5), "float32")], output, {})
    return [DrawnCase(content, fed, "quantize float32 -> int16 with a zero point, fixed")]


FIXED = {"int16": _fixed}
