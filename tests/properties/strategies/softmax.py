"""SOFTMAX over one row or over each of several; any beta and input scale that fixed point can hold.

TFLite's int8 reference aborts where the exponentials sum up to 512, so there are fewer classes;
test_known_bugs.py has more.
"""

from typing import Any

from hypothesis import strategies as st
from one_operator import Tensor, model
from properties import drawing
from properties.drawing import DrawnCase

DTYPES = ("int8", "float32", "int16")


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    count = draw(drawing.mostly(st.integers(1, 511), 1, 2, 10, 511))
    shape = draw(st.sampled_from([(1, count), (1, 1, 1, count), (1, 3, count), (1, 2, 3, count)]))
    beta = draw(drawing.mostly(drawing.scales(0.05, 8.0), 1.0))
    scale = draw(drawing.scales(1e-6, 0.5)) if dtype == "int16" else 0.0
    source = draw(drawing.activations(shape, dtype, scale))
    output = Tensor(shape, dtype, *drawing.PROBABILITIES[dtype])
    if dtype == "int16" and draw(st.booleans()):
        source = draw(drawing.activations(shape, "int8"))
        output = Tensor(shape, dtype, (1 / 65536,), (-32768,))
    return DrawnCase(
        model("SOFTMAX", [source], output, {"beta": beta}),
        draw(drawing.inputs(source)),
        f"softmax {source.dtype} to {dtype} of {count}, beta {beta}, scale {source.scales}",
    )
