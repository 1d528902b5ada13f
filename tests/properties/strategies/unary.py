"""Functions of one value, over inputs where they are defined and their outputs fit."""

import dataclasses
from typing import Any

import numpy as np
from hypothesis import strategies as st
from one_operator import model
from properties import drawing
from properties.drawing import DrawnCase

FLOAT, BOTH = ("float32",), ("int8", "float32")
OPERATORS = {
    **dict.fromkeys(("ceil", "cos", "floor", "round", "sin", "square"), FLOAT),
    **dict.fromkeys(("abs", "elu", "exp", "gelu", "log", "neg", "rsqrt", "sqrt"), BOTH),
}
NEVER_NEGATIVE = ("rsqrt", "sqrt")  # stops there, or has no value
WITHIN = {"exp": 8.0, "sin": 100.0, "cos": 100.0}  # either side of 0, in float32


@st.composite
def cases(draw: Any, operator: str, dtype: str) -> DrawnCase:
    shape = (1, draw(st.integers(1, 70)))
    source = draw(drawing.activations(shape, dtype))
    if dtype == "int8":
        source, scale = draw(_int8(operator, source))
        output = draw(drawing.activations(shape, dtype, scale))
        inputs = draw(drawing.inputs(source))
    else:
        output, inputs = source, draw(_floats(operator, source))
    options = {"approximate": draw(st.booleans())} if operator == "gelu" else {}
    return DrawnCase(
        model(operator.upper(), [source], output, options),
        inputs,
        f"{operator} {dtype} {options} {source.scales}{source.zero_points} -> "
        f"{output.scales}{output.zero_points}",
        float(np.abs(inputs).max()),
    )


@st.composite
def _int8(draw: Any, operator: str, source: Any) -> tuple[Any, float]:
    """The input, and a scale of the output with which nothing leaves 32 bits."""
    if operator in NEVER_NEGATIVE:
        source = dataclasses.replace(source, zero_points=(-128,))
    if operator == "exp":  # up to exp(10)
        source = dataclasses.replace(source, scales=(min(source.scales[0], 10 / 255),))
    if operator == "abs":
        ratio = draw(st.one_of(st.just(1.0), drawing.real_multipliers(255)))
        return source, float(np.float32(min(max(source.scales[0] / ratio, 1e-6), 1e6)))
    return source, draw(drawing.scales(1e-3, 8.0))


@st.composite
def _floats(draw: Any, operator: str, source: Any) -> Any:
    inputs = draw(drawing.inputs(source))
    if operator in (*NEVER_NEGATIVE, "log"):
        return np.abs(inputs) + np.float32(1e-3)
    largest = np.float32(WITHIN.get(operator, 1e4))
    return np.clip(inputs, -largest, largest)
