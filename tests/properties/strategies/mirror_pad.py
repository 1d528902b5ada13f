"""MIRROR_PAD of all axes but the batch, in both modes."""

from typing import Any

from hypothesis import strategies as st
from properties import by_place
from properties.drawing import DrawnCase


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    source = draw(by_place.sources(dtype, 2))
    mode = draw(st.sampled_from([0, 1]))  # REFLECT, SYMMETRIC
    pairs = [(0, 0)]
    for size in source.shape[1:]:
        most = st.integers(0, size - 1 + mode)
        pairs.append((draw(most), draw(most)) if draw(st.booleans()) else (0, 0))
    shape = tuple(a + size + b for size, (a, b) in zip(source.shape, pairs, strict=True))
    constants = [by_place.integers(pairs, draw(st.sampled_from(["int32", "int64"])))]
    case: DrawnCase = draw(by_place.moved("MIRROR_PAD", source, constants, shape, {"mode": mode}))
    return case
