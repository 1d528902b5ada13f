"""SELECT and SELECT_V2 by a comparison of the input, between it and constants of other shapes."""

from typing import Any

from hypothesis import strategies as st
from one_operator import Operator, Tensor, graph
from properties import drawing
from properties.drawing import DrawnCase
from properties.strategies.logical import compared, limit

OPERATORS = dict.fromkeys(("select", "select_v2"), ("int8", "float32"))


@st.composite
def cases(draw: Any, operator: str, dtype: str) -> DrawnCase:
    h, c = draw(st.integers(1, 6)), draw(drawing.CHANNELS)
    source = compared(draw, (1, h, c), dtype)
    whole = [source.shape]
    shapes = whole if operator == "select" else [*whole, (c,), (1,), (h, 1)]
    constants = []
    for _ in "ab":
        shape = draw(st.sampled_from(shapes))
        data = draw(drawing.integers(shape) if dtype == "int8" else drawing.floats(shape))
        constants.append(Tensor(shape, dtype, source.scales, source.zero_points, data=data))
    tensors = [source, limit(draw, source), Tensor(source.shape, "bool"), *constants]
    tensors.append(Tensor(source.shape, dtype, source.scales, source.zero_points))
    chosen = draw(st.sampled_from([[0, 3], [3, 0], [0, 0], [3, 4]]))
    operators = [Operator("GREATER", [0, 1], [2]), Operator(operator.upper(), [2, *chosen], [5])]
    return DrawnCase(
        graph(tensors, operators, 0, 5),
        draw(drawing.inputs(source)),
        f"{operator} {dtype} {h}x{c}, {chosen} of {shapes}",
    )
