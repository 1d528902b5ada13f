"""ARG_MAX over any axis; equal values among them, of which the first counts."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from one_operator import Tensor, model
from properties import drawing
from properties.drawing import DrawnCase

TYPES = {"int32": 2, "int64": 4}  # in the operator's options


def cases(dtype: str) -> st.SearchStrategy[DrawnCase]:
    return places("ARG_MAX", dtype)


@st.composite
def places(draw: Any, operator: str, dtype: str) -> DrawnCase:
    shape = draw(st.sampled_from([(1, 5), (1, 1), (1, 3, 4), (1, 2, 3, 7), (1, 33)]))
    axis = draw(st.integers(1, len(shape) - 1))
    source = draw(drawing.activations(shape, dtype))
    target = draw(st.sampled_from(sorted(TYPES)))
    output = Tensor(drawing.reduced(shape, [axis], keep=False), target)
    given = draw(st.sampled_from([axis, axis - len(shape)]))
    axes = Tensor(draw(st.sampled_from([(), (1,)])), "int32", data=np.array(given))
    return DrawnCase(
        model(operator, [source, axes], output, {"outputType": TYPES[target]}),
        draw(drawing.inputs(source)),
        f"{operator.lower()} {dtype} {shape} axis {given} -> {target}",
    )
