"""MEAN over height, width, channels or several of them, with and without keeping them; scales far
apart."""

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st
from one_operator import Tensor
from properties import drawing
from properties.drawing import DrawnCase
from properties.steps import Step, chain

DTYPES = ("int8", "float32", "int16")


@st.composite
def steps(draw: Any, source: Tensor, axes: list[int], keep: bool, filling: bool = False) -> Step:
    """The means of `source` along these axes, which stay where they are to be kept."""
    scale = 0.0
    if filling and source.dtype != "float32":
        scale = source.scales[0] * draw(st.sampled_from([0.3, 0.6, 1.0]))
    elif source.dtype != "float32":  # the sum, times the ratio, must stay within 32 bits
        largest, levels = (255, 256) if source.dtype == "int8" else (32768, 1 << 16)
        ratio = draw(drawing.real_multipliers(largest * math.prod(source.shape), levels))
        scale = float(np.float32(min(source.scales[0] / ratio, 1e11)))
    shape = drawing.reduced(source.shape, axes, keep)
    output = draw(drawing.activations(shape, source.dtype, scale, filling))
    sizes = Tensor((len(axes),), "int32", data=np.array(axes))
    return Step("MEAN", [sizes], output, {"keepDims": keep})


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    h, w, c = draw(st.integers(1, 17)), draw(st.integers(1, 17)), draw(drawing.CHANNELS)
    axes = draw(st.sampled_from([[1, 2], [2, 1], [-3, -2], [1], [2], [3], [1, 2, 3]]))
    keep = draw(st.booleans())
    source = draw(drawing.activations((1, h, w, c), dtype))
    step = draw(steps(source, axes, keep))
    inputs = draw(drawing.inputs(source))
    return DrawnCase(
        chain(source, [step]),
        inputs,
        f"mean {dtype} {h}x{w}x{c} axes {axes}",
        float(np.abs(inputs).max()),
    )


def _fixed() -> list[DrawnCase]:
    """Means of two values, so that each unit of their sum shows, and of as many as int16 has room
    for."""
    found = []
    rng = np.random.default_rng(6)
    for (h, w, c), scale in (((1, 2, 6), 0.5), ((15, 17, 5), 0.05)):
        source = Tensor((1, h, w, c), "int8", (1.0,), (3,))
        axes = Tensor((2,), "int32", data=np.array([1, 2]))
        step = Step("MEAN", [axes], Tensor((1, c), "int8", (scale,)), {"keepDims": False})
        fed = rng.integers(-20, 21, (drawing.PICTURES, h, w, c)).astype(np.int8)
        found.append(DrawnCase(chain(source, [step]), fed, f"mean of {h}x{w}x{c}, fixed"))
    return found


FIXED = {"int8": _fixed}
