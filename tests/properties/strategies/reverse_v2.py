"""REVERSE_V2 along one axis or several neighbours."""

from typing import Any

from hypothesis import strategies as st
from properties import by_place
from properties.drawing import DrawnCase


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    source = draw(by_place.sources(dtype))
    rank = len(source.shape)
    first = draw(st.integers(0, rank - 1))
    axes = list(range(first, draw(st.integers(first, rank - 1)) + 1))
    case: DrawnCase = draw(
        by_place.moved("REVERSE_V2", source, [by_place.integers(axes)], source.shape)
    )
    return case
