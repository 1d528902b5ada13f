"""GATHER of any places along any axis, of a list of them, a table, or one; or of places that an
ARG_MAX has found, in the same tensor or in a constant."""

from typing import Any

from hypothesis import strategies as st
from one_operator import TYPES, Operator, Tensor, graph
from properties import by_place, drawing
from properties.drawing import DrawnCase


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    if draw(st.booleans()):
        found: DrawnCase = draw(_computed(dtype))
        return found
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


@st.composite
def _computed(draw: Any, dtype: str) -> DrawnCase:
    """The places of the largest values of each row of (1, rows, size)."""
    rows, size, inner = (draw(st.integers(1, 5)) for _ in range(3))
    wide = draw(st.sampled_from(["int32", "int64"]))
    source: Tensor = draw(drawing.activations((1, rows, size), dtype))
    table = Tensor((size, inner), dtype)
    if dtype == "int8":
        scaled: Tensor = draw(drawing.activations(table.shape, dtype))
        table.scales, table.zero_points = scaled.scales, scaled.zero_points
    values = draw(drawing.inputs(Tensor((1, size, inner), dtype)))[0]
    table.data = values
    of_table = draw(st.booleans())
    taken, axis = (table, 0) if of_table else (source, draw(st.sampled_from([2, -1])))
    shape = (1, rows, inner) if of_table else (1, rows, 1, rows)
    output = Tensor(shape, dtype, taken.scales, taken.zero_points)
    tensors = [source, by_place.integers(-1), Tensor((1, rows), wide), table, output]
    operators = [
        Operator("ARG_MAX", [0, 1], [2], {"outputType": TYPES[wide]}),
        Operator("GATHER", [3 if of_table else 0, 2], [4], {"axis": axis}),
    ]
    return DrawnCase(
        graph(tensors, operators, 0, 4),
        draw(drawing.inputs(source)),
        f"gather {dtype} of computed {wide}, {'a table' if of_table else source.shape}",
    )
