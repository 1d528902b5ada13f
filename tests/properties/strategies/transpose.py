"""TRANSPOSE of any rank; of four axes, the batch stays where it is."""

from typing import Any

from hypothesis import strategies as st
from properties import by_place
from properties.drawing import DrawnCase

DTYPES = ("int8", "float32", "int16")


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    source = draw(by_place.sources(dtype))
    rank = len(source.shape)
    order = draw(st.permutations(range(rank)))
    if rank == 4:
        order = [0, *(i for i in order if i)]
    shape = tuple(source.shape[i] for i in order)
    case: DrawnCase = draw(by_place.moved("TRANSPOSE", source, [by_place.integers(order)], shape))
    return case
