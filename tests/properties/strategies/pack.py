"""PACK of the input, its RELU and constants, in any order, along any axis but the batch."""

from typing import Any

from hypothesis import strategies as st
from one_operator import Operator, graph
from properties import by_place, drawing
from properties.drawing import DrawnCase


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    source = draw(by_place.sources(dtype, 1, 4))
    shape = source.shape
    axis = draw(st.integers(1, len(shape)))
    pieces = [source]
    if draw(st.booleans()):
        pieces.append(by_place.like(source, shape))
    computed = len(pieces)
    for _ in range(draw(st.integers(0, 3))):
        piece = by_place.like(source, shape)
        piece.data = draw(drawing.integers(shape) if dtype == "int8" else drawing.floats(shape))
        pieces.append(piece)
    order = draw(st.permutations(range(len(pieces))))
    output = by_place.like(source, (*shape[:axis], len(pieces), *shape[axis:]))
    options = {
        "axis": draw(st.sampled_from([axis, axis - len(shape) - 1])),
        "valuesCount": len(pieces),
    }
    operators = [Operator("PACK", list(order), [len(pieces)], options)]
    if computed == 2:
        operators.insert(0, Operator("RELU", [0], [1]))
    return DrawnCase(
        graph([*pieces, output], operators, 0, len(pieces)),
        draw(drawing.inputs(source)),
        f"pack {dtype} of {computed} and {len(pieces) - computed} of {shape} along {axis}",
    )
