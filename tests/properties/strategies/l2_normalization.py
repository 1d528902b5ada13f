"""L2_NORMALIZATION over one row and over several, rows of nothing but zeros among them."""

from typing import Any

from hypothesis import strategies as st
from one_operator import Tensor, model
from properties import drawing
from properties.drawing import DrawnCase


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    count = draw(drawing.mostly(st.integers(1, 300), 1, 2, 10))
    shape = draw(st.sampled_from([(1, count), (1, 1, 1, count), (1, 3, count)]))
    source = draw(drawing.activations(shape, dtype))
    output = Tensor(shape, dtype, (1 / 128,) if dtype == "int8" else (), (0,))
    return DrawnCase(
        model("L2_NORMALIZATION", [source], output),
        draw(drawing.inputs(source)),
        f"l2_normalization {dtype} of {shape}, zero point {source.zero_points}",
    )
