"""DEPTH_TO_SPACE with blocks of 1 to 3."""

from typing import Any

from hypothesis import strategies as st
from properties import by_place
from properties.drawing import DrawnCase


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    block = draw(st.integers(1, 3))
    source = draw(by_place.maps(dtype, channel_factor=block**2))
    _, h, w, c = source.shape
    shape = (1, h * block, w * block, c // block**2)
    case: DrawnCase = draw(
        by_place.moved("DEPTH_TO_SPACE", source, [], shape, {"blockSize": block})
    )
    return case
