"""BROADCAST_TO a shape of as many axes, or more."""

from typing import Any

from hypothesis import strategies as st
from properties import by_place
from properties.drawing import DrawnCase


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    source = draw(by_place.sources(dtype))
    shape = [draw(st.integers(1, 4)) if size == 1 else size for size in source.shape]
    shape = [draw(st.integers(1, 3)) for _ in range(draw(st.integers(0, 5 - len(shape))))] + shape
    if len(shape) == 4:
        shape[0] = 1
    case: DrawnCase = draw(
        by_place.moved("BROADCAST_TO", source, [by_place.integers(shape)], tuple(shape))
    )
    return case
