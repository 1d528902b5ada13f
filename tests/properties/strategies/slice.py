"""SLICE anywhere in a tensor of any rank; -1 reaches to the end of an axis."""

from typing import Any

from hypothesis import strategies as st
from properties import by_place
from properties.drawing import DrawnCase


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    source = draw(by_place.sources(dtype))
    begins = [draw(st.integers(0, size - 1)) for size in source.shape]
    left = [size - begin for size, begin in zip(source.shape, begins, strict=True)]
    sizes = [draw(st.integers(1, size)) for size in left]
    said = [
        -1 if size == most and draw(st.booleans()) else size
        for size, most in zip(sizes, left, strict=True)
    ]
    kind = draw(st.sampled_from(["int32", "int64"]))
    constants = [by_place.integers(begins, kind), by_place.integers(said, kind)]
    case: DrawnCase = draw(by_place.moved("SLICE", source, constants, tuple(sizes)))
    return case
