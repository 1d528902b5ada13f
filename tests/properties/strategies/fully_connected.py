"""FULLY_CONNECTED: from a row, from a map that it flattens, or from every row of a map."""

import math
from typing import Any

from hypothesis import strategies as st
from properties import drawing
from properties.drawing import DrawnCase

# TFLite refuses a bias whose scale, a float32, is off by more than 1/50 of an output step.
LARGEST = 2.0**18

DTYPES = ("int8", "float32", "int16")

ROWS = st.one_of(
    st.tuples(st.integers(1, 70)),
    st.tuples(st.integers(1, 4), st.integers(1, 4), drawing.CHANNELS),
)


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    row = draw(ROWS)
    rows, keep = draw(drawing.mostly(st.integers(1, 5), 1)), draw(st.booleans())
    output_c = draw(drawing.CHANNELS)
    input_c = row[-1] if rows > 1 or keep else math.prod(row)
    shape = (1, rows, *row) if rows > 1 or keep else (1, *row)
    before = shape[:-1] if keep else (math.prod(shape) // input_c,)
    source = draw(drawing.activations(shape, dtype))
    output = draw(drawing.activations((*before, output_c), dtype))
    weights = draw(drawing.weights((output_c, input_c), 0, source, output, largest=LARGEST))
    options = {"fusedActivationFunction": draw(drawing.ACTIVATIONS), "keepNumDims": keep}
    inputs = draw(drawing.inputs(source))
    what = f"{shape}->{output.shape}"
    return drawing.layer("FULLY_CONNECTED", [source, *weights], output, options, inputs, what)
