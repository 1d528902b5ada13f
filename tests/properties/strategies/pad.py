"""PAD of height and width."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from one_operator import Tensor, model
from properties import drawing
from properties.drawing import Case


@st.composite
def cases(draw: Any, dtype: str) -> Case:
    h, w, c = draw(st.integers(1, 6)), draw(st.integers(1, 6)), draw(drawing.CHANNELS)
    top, bottom, left, right = (draw(st.integers(0, 3)) for _ in range(4))
    source = draw(drawing.activations((1, h, w, c), dtype))
    shape = (1, h + top + bottom, w + left + right, c)
    output = Tensor(shape, dtype, source.scales, source.zero_points)
    sizes = np.array([[0, 0], [top, bottom], [left, right], [0, 0]])
    return Case(
        model("PAD", [source, Tensor((4, 2), "int32", data=sizes)], output, {}),
        draw(drawing.inputs(source)),
        f"pad {dtype} {h}x{w}x{c} by {top},{bottom},{left},{right}",
    )
