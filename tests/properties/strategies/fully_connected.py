"""FULLY_CONNECTED: from a row, from a map that it flattens, or from every row of a map."""

import math
from functools import partial
from typing import Any

from hypothesis import strategies as st
from one_operator import Tensor
from properties import drawing, fixed
from properties.drawing import DrawnCase
from properties.steps import Step

# TFLite refuses a bias whose scale, a float32, is off by more than 1/50 of an output step.
LARGEST = 2.0**18

DTYPES = ("int8", "float32", "int16")

ROWS = st.one_of(
    st.tuples(st.integers(1, 70)),
    st.tuples(st.integers(1, 4), st.integers(1, 4), drawing.CHANNELS),
)


@st.composite
def steps(
    draw: Any,
    source: Tensor,
    shape: tuple[int, ...],
    keep: bool = False,
    with_bias: bool = True,
    filling: bool = False,
) -> Step:
    """A layer that reads rows of `source`, as many as `shape`, its output's, says."""
    input_c = math.prod(source.shape) // math.prod(shape[:-1])
    output = draw(drawing.activations(shape, source.dtype, filling=filling))
    filters = (shape[-1], input_c)
    drawn = drawing.weights(filters, 0, source, output, with_bias, LARGEST, filling=filling)
    weights = draw(drawn)
    options = {"fusedActivationFunction": draw(drawing.ACTIVATIONS), "keepNumDims": keep}
    return Step("FULLY_CONNECTED", weights, output, options)


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    row = draw(ROWS)
    rows, keep = draw(drawing.mostly(st.integers(1, 5), 1)), draw(st.booleans())
    output_c = draw(drawing.CHANNELS)
    input_c = row[-1] if rows > 1 or keep else math.prod(row)
    shape = (1, rows, *row) if rows > 1 or keep else (1, *row)
    before = shape[:-1] if keep else (math.prod(shape) // input_c,)
    source = draw(drawing.activations(shape, dtype))
    step = draw(steps(source, (*before, output_c), keep, with_bias=False))
    inputs = draw(drawing.inputs(source))
    what = f"{shape}->{step.output.shape}"
    tensors = [source, *step.constants]
    return drawing.layer(step.operator, tensors, step.output, step.options, inputs, what)


def _fixed(dtype: str) -> list[DrawnCase]:
    """Two outputs of different scales; a clamp from above only; rows that are so long that variants
    sum them up in parts."""

    def dense(inputs: int, outputs: int, **more: Any) -> DrawnCase:
        shapes = ((1, inputs), (outputs, inputs), (1, outputs))
        return fixed.layer("FULLY_CONNECTED", dtype, *shapes, {}, **more)

    found = [dense(5, 2, bias=False), dense(9, 6, activation=fixed.RELU6, zero_points=(3, -128))]
    return [*found, *(dense(n, 6, extreme=True) for n in (504, 509, 1021))]


FIXED = {dtype: partial(_fixed, dtype) for dtype in ("int8", "int16")}
