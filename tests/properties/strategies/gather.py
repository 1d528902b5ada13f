"""GATHER of any places along any axis, of a list of them, a table, or one."""

from typing import Any

from hypothesis import strategies as st
from properties import by_place
from properties.drawing import DrawnCase


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    source = draw(by_place.sources(dtype, highest_rank=4))
    rank = len(source.shape)
    axis = draw(st.integers(0, rank - 1))
    count = draw(st.integers(1, 6))
    places = st.integers(0, source.shape[axis] - 1)
    taken: Any = [draw(places) for _ in range(count)]
    form = draw(st.sampled_from(["list", "list", "table", "one"]))
    if form == "one":
        taken = taken[0]
    elif form == "table" and rank == 2:
        taken = [taken, taken]
    indices = by_place.integers(taken, draw(st.sampled_from(["int32", "int64"])))
    shape = (*source.shape[:axis], *indices.shape, *source.shape[axis + 1 :])
    if len(shape) == 4 and shape[0] != 1:
        axis, shape = 0, (1, *source.shape[1:])
        indices = by_place.integers([0])
    options = {"axis": draw(st.sampled_from([axis, axis - rank]))}
    case: DrawnCase = draw(by_place.moved("GATHER", source, [indices], shape, options))
    return case
