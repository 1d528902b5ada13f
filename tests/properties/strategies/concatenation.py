"""CONCATENATION of the input, its RELU and constants, in any order, along any axis."""

from typing import Any

from hypothesis import strategies as st
from one_operator import Operator, Tensor, graph
from properties import drawing
from properties.drawing import DrawnCase

DTYPES = ("int8", "float32", "int16")


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    sizes = [1, draw(st.integers(1, 5)), draw(st.integers(1, 5)), draw(drawing.CHANNELS)]
    axis = draw(st.sampled_from([3, 1, 2, -1, -3]))
    source = draw(drawing.activations(tuple(sizes), dtype))
    pieces = [source]
    if draw(st.booleans()):
        pieces.append(Tensor(source.shape, dtype, source.scales, source.zero_points))
    computed = len(pieces)
    for _ in range(draw(st.integers(0, 3))):
        part = list(sizes)
        part[axis] = draw(st.integers(1, 5))
        shape = tuple(part)
        data = draw(drawing.values(shape, dtype))
        pieces.append(Tensor(shape, dtype, source.scales, source.zero_points, 0, data))
    order = draw(st.permutations(range(len(pieces))))
    sizes[axis] = sum(piece.shape[axis] for piece in pieces)
    output = Tensor(tuple(sizes), dtype, source.scales, source.zero_points)
    operators = [Operator("CONCATENATION", list(order), [len(pieces)], {"axis": axis})]
    if computed == 2:
        operators.insert(0, Operator("RELU", [0], [1]))
    return DrawnCase(
        graph([*pieces, output], operators, 0, len(pieces)),
        draw(drawing.inputs(source)),
        f"concatenation {dtype} of {computed} and {len(pieces) - computed} along {axis}",
    )
