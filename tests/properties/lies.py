"""Models whose tensors have other shapes than the operators give them: as hostile files have.

content, what = draw(lies(case.content))
"""

from __future__ import annotations

import math
from typing import Any

from ai_edge_litert import schema_py_generated as schema
from hypothesis import strategies as st
from one_operator import packed

Shape = tuple[int, ...]


def unpacked(content: bytes) -> Any:
    """The schema's objects of a file."""
    return schema.ModelT.InitFromPackedBuf(content, 0)


@st.composite
def shapes(draw: Any, shape: Shape) -> Shape:
    """Another shape: of as many values in another order, of more, of fewer, of another rank."""
    count = math.prod(shape)
    size = st.one_of(st.integers(1, 6), st.sampled_from([0, count, 2 * count, count + 1, 512]))
    kind = draw(st.sampled_from(["one", "order", "rank", "any"]))
    if kind == "one" and shape:
        at = draw(st.integers(0, len(shape) - 1))
        return (*shape[:at], draw(size), *shape[at + 1 :])
    if kind == "order":
        return tuple(draw(st.permutations(shape)))
    if kind == "rank":
        others: list[Shape] = [(count,), (1, count), (*shape, 1), (1, *shape), shape[1:]]
        chosen: Shape = draw(st.sampled_from(others))
        return chosen
    return tuple(draw(st.lists(size, max_size=5)))


@st.composite
def lies(draw: Any, content: bytes) -> tuple[bytes, str]:
    """(the model with one or two tensors of another shape, what has been changed)."""
    model = unpacked(content)
    tensors = model.subgraphs[0].tensors
    said = []
    for _ in range(draw(st.integers(1, 2))):
        at = draw(st.integers(0, len(tensors) - 1))
        old = tuple(int(size) for size in tensors[at].shape)
        new = draw(shapes(old))
        tensors[at].shape = [min(size, (1 << 31) - 1) for size in new]
        said.append(f"tensor {at} of {old} says {new}")
    return packed(model), ", ".join(said)
