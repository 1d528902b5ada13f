"""L2_NORMALIZATION over one row and over several, rows of nothing but zeros among them."""

from typing import Any

import numpy as np
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


def _fixed() -> list[DrawnCase]:
    """Rows of which the squares sum up to a few units, and rows in which a value lies next to where
    it would be rounded to another one, so that the last bits of the root show."""
    found = []
    units: Any = [[[1, 0, 0], [1, 1, 0]], [[2, 1, 0], [2, 1, 1]]]
    roots: Any = [[28, 106, 11, 4, 2], [56, 255, 255, 44], [221, 79, 5, 1, 1, 1]]
    for rows in (units, *([row] for row in roots)):
        fed = (np.array(rows) - 128).astype(np.int8)
        source = Tensor((1, *fed.shape[1:]), "int8", (0.5,), (-128,))
        output = Tensor(source.shape, "int8", (1 / 128,), (0,))
        content = model("L2_NORMALIZATION", [source], output)
        found.append(DrawnCase(content, fed, f"l2_normalization of {fed[0].tolist()}, fixed"))
    return found


FIXED = {"int8": _fixed}
