"""UNPACK along any axis but the batch."""

from typing import Any

from hypothesis import strategies as st
from one_operator import Tensor
from properties import by_place, drawing
from properties.drawing import DrawnCase


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    rank, pieces = draw(st.integers(2, 5)), draw(st.integers(1, 4))
    axis = draw(st.integers(1, rank - 1))
    shape = [1, *(draw(by_place.SIZES) for _ in range(rank - 1))]
    shape[axis] = pieces
    source: Tensor = draw(drawing.activations(tuple(shape), dtype))
    piece = (*shape[:axis], *shape[axis + 1 :])
    options = {"num": pieces, "axis": draw(st.sampled_from([axis, axis - rank]))}
    along = draw(st.integers(1, rank - 2)) if rank > 2 else 0
    case: DrawnCase = draw(
        by_place.cut("UNPACK", source, [by_place.SOURCE], [piece] * pieces, along, options)
    )
    return case
