"""MAX_POOL_2D; AVERAGE_POOL_2D draws the same."""

from typing import Any

from hypothesis import strategies as st
from one_operator import Tensor
from properties import drawing
from properties.drawing import DrawnCase, Window
from properties.steps import Step, chain

DTYPES = ("int8", "float32", "int16")


@st.composite
def steps_of(draw: Any, operator: str, source: Tensor, window: Window) -> Step:
    """A pool that reads `source`."""
    shape = (1, window.output_h, window.output_w, source.shape[-1])
    output = Tensor(shape, source.dtype, source.scales, source.zero_points)
    options = window.options | {"filterHeight": window.filter_h, "filterWidth": window.filter_w}
    options |= {"fusedActivationFunction": draw(drawing.ACTIVATIONS)}
    return Step(operator, [], output, options)


@st.composite
def pools(draw: Any, operator: str, dtype: str) -> DrawnCase:
    window = draw(drawing.windows(dilated=False, largest=12))
    channels = draw(drawing.CHANNELS)
    source = draw(drawing.activations((1, window.input_h, window.input_w, channels), dtype))
    step = draw(steps_of(operator, source, window))
    return DrawnCase(
        chain(source, [step]),
        draw(drawing.inputs(source)),
        f"{operator.lower()} {dtype} {window} {channels} channels"
        f"{drawing.ACTIVATION_NAMES[step.options['fusedActivationFunction']]}",
    )


def steps(source: Tensor, window: Window) -> st.SearchStrategy[Step]:
    return steps_of("MAX_POOL_2D", source, window)


def cases(dtype: str) -> st.SearchStrategy[DrawnCase]:
    return pools("MAX_POOL_2D", dtype)
