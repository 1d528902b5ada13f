"""DEPTHWISE_CONV_2D: any window, dilation and depth multiplier; more often than not 3x3, for the
variants of that."""

from typing import Any

from hypothesis import strategies as st
from properties import drawing
from properties.drawing import DrawnCase


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    kind = draw(st.sampled_from(["any", "3x3", "3x3, thin"]))
    window = draw(drawing.windows(always_3x3=kind != "any"))
    channels = draw(st.integers(1, 3) if kind == "3x3, thin" else drawing.CHANNELS)
    multiplier = 1 if kind == "3x3" else draw(drawing.mostly(st.integers(1, 5), 1))
    output_c = channels * multiplier
    source = draw(drawing.activations((1, window.input_h, window.input_w, channels), dtype))
    output = draw(drawing.activations((1, window.output_h, window.output_w, output_c), dtype))
    shape = (1, window.filter_h, window.filter_w, output_c)
    weights = draw(drawing.weights(shape, 3, source, output))
    options = window.options | window.dilations
    options |= {"fusedActivationFunction": draw(drawing.ACTIVATIONS)}
    options |= {"depthMultiplier": multiplier}
    inputs = draw(drawing.inputs(source))
    what = f"{window} {channels} x {multiplier}"
    return drawing.layer("DEPTHWISE_CONV_2D", [source, *weights], output, options, inputs, what)
