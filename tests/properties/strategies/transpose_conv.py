"""TRANSPOSE_CONV: any filter up to 5x5, stride and activation; the output is as large as a window
over it that gives the input; its shape is a constant or an input."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from one_operator import Operator, Tensor, graph
from properties import drawing
from properties.drawing import DrawnCase

DTYPES = ("int8", "float32", "int16")


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    window = draw(drawing.windows(dilated=False))  # from the output to the input
    input_c, output_c = draw(drawing.CHANNELS), draw(drawing.CHANNELS)
    source = draw(drawing.activations((1, window.output_h, window.output_w, input_c), dtype))
    shape = (1, window.input_h, window.input_w, output_c)
    output = draw(drawing.activations(shape, dtype))
    filters = (output_c, window.filter_h, window.filter_w, input_c)
    weights = draw(drawing.weights(filters, 0, source, output))
    activation = draw(drawing.ACTIVATIONS)
    inputs = draw(drawing.inputs(source))
    sized = draw(drawing.mostly(st.booleans(), False))  # the output's shape is an input
    size = Tensor((4,), "int32", data=None if sized else shape)
    tensors = [size, weights[0], source, *weights[1:], output]
    options = {
        **window.options,
        **drawing.bias_type(source, weights),
        "fusedActivationFunction": activation,
    }
    last = len(tensors) - 1
    operator = Operator("TRANSPOSE_CONV", list(range(last)), [last], options)
    magnitude = 0.0
    if dtype == "float32":
        largest = [float(abs(t.data).max()) for t in weights]
        magnitude = max(float(abs(inputs).max()) * largest[0], *largest[1:], 0.0)
    if sized:
        parts = (np.tile(np.array(shape, np.int32), (len(inputs), 1)), inputs)
        flat = [np.ascontiguousarray(part).view(np.int8).reshape(len(inputs), -1) for part in parts]
        inputs = np.concatenate(flat, axis=1)
    what = f"transpose_conv {dtype} {window} {input_c}->{output_c}{', sized' if sized else ''}"
    return DrawnCase(
        graph(tensors, [operator], [0, 2] if sized else 2, last),
        inputs,
        what + drawing.ACTIVATION_NAMES[activation],
        magnitude,
    )
