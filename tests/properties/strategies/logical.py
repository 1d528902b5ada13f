"""Logic of two comparisons of the input, or of one and a constant."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from one_operator import Operator, Tensor, graph
from properties import drawing
from properties.drawing import DrawnCase

OPERATORS = dict.fromkeys(("logical_and", "logical_not", "logical_or"), ("int8", "float32"))


def limit(draw: Any, source: Tensor) -> Tensor:
    """A constant of one value to compare the input with."""
    data = draw(drawing.integers((1,)) if source.dtype == "int8" else drawing.floats((1,)))
    return Tensor((1,), source.dtype, source.scales, source.zero_points, data=data)


def compared(draw: Any, shape: tuple[int, ...], dtype: str) -> Tensor:
    """The input; its scale is one that TFLite compares."""
    scale = draw(drawing.scales(1e-4, 0.9)) if dtype == "int8" else 0.0
    found: Tensor = draw(drawing.activations(shape, dtype, scale))
    return found


@st.composite
def cases(draw: Any, operator: str, dtype: str) -> DrawnCase:
    h, c = draw(st.integers(1, 6)), draw(drawing.CHANNELS)
    source = compared(draw, (1, h, c), dtype)
    answer = Tensor(source.shape, "bool")
    tensors = [source, limit(draw, source), answer, limit(draw, source), answer, answer]
    operators = [Operator("GREATER", [0, 1], [2]), Operator("LESS", [0, 3], [4])]
    if operator == "logical_not":
        operators = [operators[0], Operator("LOGICAL_NOT", [2], [5])]
        tensors[3:5] = []
        operators[1].outputs = [3]
    else:
        order = draw(st.sampled_from([[2, 4], [4, 2]]))
        if draw(st.booleans()):
            shape = draw(st.sampled_from([(c,), (1,), source.shape, (h, 1)]))
            rng = np.random.default_rng(draw(drawing.SEEDS))
            tensors[4] = Tensor(shape, "bool", data=rng.integers(0, 2, shape))
            operators = operators[:1]
        operators.append(Operator(operator.upper(), order, [5]))
    return DrawnCase(
        graph(tensors, operators, 0, len(tensors) - 1),
        draw(drawing.inputs(source)),
        f"{operator} {dtype} {h}x{c}, {operators[-1].inputs}",
    )
