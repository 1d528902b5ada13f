"""RESIZE_BILINEAR to any size, by all three rules."""

from typing import Any

from hypothesis import strategies as st
from properties import by_place
from properties.drawing import DrawnCase

RULES = [{}, {"alignCorners": True}, {"halfPixelCenters": True}]


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    source = draw(by_place.maps(dtype))
    _, h, w, c = source.shape
    size = st.one_of(st.integers(1, 13), st.sampled_from([2 * h, 2 * w, h, w, 40]))
    shape = (1, draw(size), draw(size), c)
    options = draw(st.sampled_from(RULES))
    constants = [by_place.integers(shape[1:3])]
    case: DrawnCase = draw(by_place.moved("RESIZE_BILINEAR", source, constants, shape, options))
    return case
