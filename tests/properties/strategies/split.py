"""SPLIT into equal pieces along any axis."""

from typing import Any

from hypothesis import strategies as st
from one_operator import Tensor
from properties import by_place, drawing
from properties.drawing import DrawnCase


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    rank = draw(st.integers(2, 5))
    axis, pieces = draw(st.integers(1, rank - 1)), draw(st.integers(1, 4))
    piece = [1, *(draw(by_place.SIZES) for _ in range(rank - 1))]
    whole = [size * pieces if i == axis else size for i, size in enumerate(piece)]
    source: Tensor = draw(drawing.activations(tuple(whole), dtype))
    along = by_place.integers(draw(st.sampled_from([axis, axis - rank])))
    options = {"numSplits": pieces}
    order = [along, by_place.SOURCE]
    case: DrawnCase = draw(
        by_place.cut("SPLIT", source, order, [tuple(piece)] * pieces, axis, options)
    )
    return case
