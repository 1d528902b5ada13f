"""TILE of up to four axes, the batch among them where the output is no map."""

from typing import Any

from hypothesis import strategies as st
from properties import by_place
from properties.drawing import DrawnCase


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    source = draw(by_place.sources(dtype))
    times = [draw(st.integers(1, 3)) for _ in source.shape]
    if len(times) == 4:
        times[0] = 1
    shape = tuple(n * size for n, size in zip(times, source.shape, strict=True))
    case: DrawnCase = draw(by_place.moved("TILE", source, [by_place.integers(times)], shape))
    return case
