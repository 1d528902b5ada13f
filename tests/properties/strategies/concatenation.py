"""CONCATENATION of the input with constants, in any order, along any axis."""

from typing import Any

from hypothesis import strategies as st
from one_operator import Tensor, model
from properties import drawing
from properties.drawing import Case


@st.composite
def cases(draw: Any, dtype: str) -> Case:
    sizes = [1, draw(st.integers(1, 5)), draw(st.integers(1, 5)), draw(drawing.CHANNELS)]
    axis = draw(st.sampled_from([3, 1, 2, -1, -3]))
    source = draw(drawing.activations(tuple(sizes), dtype))
    pieces, total = [source], sizes[axis]
    for _ in range(draw(st.integers(0, 3))):
        part = list(sizes)
        part[axis] = draw(st.integers(1, 5))
        total += part[axis]
        shape = tuple(part)
        data = draw(drawing.integers(shape) if dtype == "int8" else drawing.floats(shape))
        pieces.append(Tensor(shape, dtype, source.scales, source.zero_points, 0, data))
    sizes[axis] = total
    output = Tensor(tuple(sizes), dtype, source.scales, source.zero_points)
    return Case(
        model("CONCATENATION", pieces, output, {"axis": axis}),
        draw(drawing.inputs(source)),
        f"concatenation {dtype} of {len(pieces)} along {axis}",
    )
