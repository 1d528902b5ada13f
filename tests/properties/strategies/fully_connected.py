"""FULLY_CONNECTED: from a row or from a map that it flattens."""

from typing import Any

from hypothesis import strategies as st
from properties import drawing
from properties.drawing import Case

# TFLite refuses a bias whose scale, a float32, is off by more than 1/50 of an output step.
LARGEST = 2.0**18

ROWS = st.one_of(
    st.tuples(st.integers(1, 70)),
    st.tuples(st.integers(1, 4), st.integers(1, 4), drawing.CHANNELS),
)


@st.composite
def cases(draw: Any, dtype: str) -> Case:
    row = draw(ROWS)
    input_c = 1
    for size in row:
        input_c *= size
    output_c = draw(drawing.CHANNELS)
    source = draw(drawing.activations((1, *row), dtype))
    output = draw(drawing.activations((1, output_c), dtype))
    weights = draw(drawing.weights((output_c, input_c), 0, source, output, largest=LARGEST))
    options = {"fusedActivationFunction": draw(drawing.ACTIVATIONS)}
    inputs = draw(drawing.inputs(source))
    what = f"{row}->{output_c}"
    return drawing.layer("FULLY_CONNECTED", [source, *weights], output, options, inputs, what)
