"""SOFTMAX over one row or over each of several; any beta and input scale that fixed point can hold.

TFLite's int8 reference aborts where the exponentials sum up to 512, so there are fewer classes;
test_known_bugs.py has more.
"""

from functools import partial
from typing import Any

import numpy as np
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


def _fixed(dtype: str) -> list[DrawnCase]:
    """Rows whose exponentials stay large as far as the least difference that counts, ones in which
    a sum that is off by one shows, and for int16 sums that are rounded."""

    def made(rows: list[list[int]], source: str, scale: float) -> DrawnCase:
        fed = np.array([rows, rows[::-1]], source)
        tensor = Tensor((1, *fed.shape[1:]), source, (float(np.float32(scale)),))
        result = drawing.PROBABILITIES[dtype]
        if source != dtype:
            result = ((1 / 65536,), (-32768,))
        output = Tensor(tensor.shape, dtype, *result)
        what = f"softmax {source} to {dtype} of {tensor.shape}, fixed"
        return DrawnCase(model("SOFTMAX", [tensor], output, {"beta": 1.0}), fed, what)

    least, beyond = [[5] + [4] * 505, [4] * 505 + [5]], [[127, -128, 90, 94]]
    if dtype == "int8":
        pairs = [[127, -24], [-24, 127]]
        return [made(least, dtype, 8.0), made(pairs, dtype, 0.034), made(beyond, dtype, 0.9)]
    rng = np.random.default_rng(4)
    rounded = [[32767, *rng.integers(18000, 32767, 40)] for _ in range(12)]
    return [
        made(least, "int8", 8.0),
        made([[127, 111], [-2, 14]], "int8", 0.06),
        made(beyond, "int8", 0.9),
        *(made([[127, low]], "int8", scale) for low, scale in ((-60, 0.0008), (98, 0.0113))),
        made([[32767, 32767 - 97 * n] for n in range(60)], dtype, 2.0**-11),
        made(rounded, dtype, 2.0**-14),
    ]


FIXED = {dtype: partial(_fixed, dtype) for dtype in ("int8", "int16")}
