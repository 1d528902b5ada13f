"""CONV_2D: any window, dilation and activation, up to 33 channels on either side."""

from typing import Any

from hypothesis import strategies as st
from properties import drawing
from properties.drawing import Case


@st.composite
def cases(draw: Any, dtype: str) -> Case:
    window = draw(drawing.windows())
    input_c, output_c = draw(drawing.mostly(drawing.CHANNELS, 3, 1)), draw(drawing.CHANNELS)
    source = draw(drawing.activations((1, window.input_h, window.input_w, input_c), dtype))
    output = draw(drawing.activations((1, window.output_h, window.output_w, output_c), dtype))
    shape = (output_c, window.filter_h, window.filter_w, input_c)
    weights = draw(drawing.weights(shape, 0, source, output))
    options = window.options | window.dilations
    options |= {"fusedActivationFunction": draw(drawing.ACTIVATIONS)}
    inputs = draw(drawing.inputs(source))
    what = f"{window} {input_c}->{output_c}"
    return drawing.layer("CONV_2D", [source, *weights], output, options, inputs, what)
