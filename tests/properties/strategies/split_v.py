"""SPLIT_V into pieces of any length, of which one may be left open."""

from typing import Any

from hypothesis import strategies as st
from one_operator import Tensor
from properties import by_place, drawing
from properties.drawing import DrawnCase


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    rank = draw(st.integers(2, 5))
    axis = draw(st.integers(1, rank - 1))
    lengths = draw(st.lists(st.integers(1, 5), min_size=1, max_size=4))
    shape = [1, *(draw(by_place.SIZES) for _ in range(rank - 1))]
    shape[axis] = sum(lengths)
    source: Tensor = draw(drawing.activations(tuple(shape), dtype))
    shapes = [(*shape[:axis], length, *shape[axis + 1 :]) for length in lengths]
    if draw(st.booleans()):
        lengths[draw(st.integers(0, len(lengths) - 1))] = -1
    along = by_place.integers(draw(st.sampled_from([axis, axis - rank])))
    order = [by_place.SOURCE, by_place.integers(lengths), along]
    case: DrawnCase = draw(
        by_place.cut("SPLIT_V", source, order, shapes, axis, {"numSplits": len(lengths)})
    )
    return case
