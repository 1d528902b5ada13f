"""MAX_POOL_2D; AVERAGE_POOL_2D draws the same."""

from typing import Any

from hypothesis import strategies as st
from one_operator import Tensor, model
from properties import drawing
from properties.drawing import DrawnCase

DTYPES = ("int8", "float32", "int16")


@st.composite
def pools(draw: Any, operator: str, dtype: str) -> DrawnCase:
    window = draw(drawing.windows(dilated=False, largest=12))
    channels = draw(drawing.CHANNELS)
    source = draw(drawing.activations((1, window.input_h, window.input_w, channels), dtype))
    shape = (1, window.output_h, window.output_w, channels)
    output = Tensor(shape, dtype, source.scales, source.zero_points)
    activation = draw(drawing.ACTIVATIONS)
    options = window.options | {"filterHeight": window.filter_h, "filterWidth": window.filter_w}
    options |= {"fusedActivationFunction": activation}
    return DrawnCase(
        model(operator, [source], output, options),
        draw(drawing.inputs(source)),
        f"{operator.lower()} {dtype} {window} {channels} channels"
        f"{drawing.ACTIVATION_NAMES[activation]}",
    )


def cases(dtype: str) -> st.SearchStrategy[DrawnCase]:
    return pools("MAX_POOL_2D", dtype)
