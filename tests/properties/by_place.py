"""Draws cases of operators that only move values, of any rank.

by_place.moved("TRANSPOSE", source, [by_place.integers([0, 2, 1])], (1, 4, 3))
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from one_operator import Operator, Tensor, graph, model
from properties import drawing
from properties.drawing import DrawnCase

SIZES = drawing.mostly(st.integers(1, 6), 1, 2, 3)


@st.composite
def sources(draw: Any, dtype: str, lowest_rank: int = 1, highest_rank: int = 5) -> Tensor:
    """An input of any rank, whose first axis is the batch of 1."""
    rank = draw(st.integers(lowest_rank, highest_rank))
    shape = (1, *(draw(SIZES) for _ in range(rank - 1)))
    tensor: Tensor = draw(drawing.activations(shape, dtype))
    return tensor


@st.composite
def maps(draw: Any, dtype: str, factor: int = 1, channel_factor: int = 1) -> Tensor:
    """A map whose height and width, or channels, are multiples of the factors."""
    h, w = (draw(st.integers(1, 5)) * factor for _ in range(2))
    shape = (1, h, w, draw(st.integers(1, 6)) * channel_factor)
    tensor: Tensor = draw(drawing.activations(shape, dtype))
    return tensor


def integers(values: Any, dtype: str = "int32") -> Tensor:
    data = np.array(values, dtype)
    return Tensor(data.shape, dtype, data=data)


def like(source: Tensor, shape: tuple[int, ...]) -> Tensor:
    """An output that holds the same type of values."""
    return Tensor(tuple(map(int, shape)), source.dtype, source.scales, source.zero_points)


@st.composite
def moved(
    draw: Any,
    operator: str,
    source: Tensor,
    constants: list[Tensor],
    shape: tuple[int, ...],
    options: dict[str, Any] | None = None,
) -> DrawnCase:
    """The case of an operator with one output, whose shape is given."""
    said = [tensor.data.tolist() for tensor in constants]
    return DrawnCase(
        model(operator, [source, *constants], like(source, shape), options or {}),
        draw(drawing.inputs(source)),
        f"{operator.lower()} {source.dtype} {source.shape} {said} {options or ''} to {shape}",
    )


@st.composite
def cut(
    draw: Any,
    operator: str,
    source: Tensor,
    order: list[Any],
    shapes: list[tuple[int, ...]],
    axis: int,
    options: dict[str, Any] | None = None,
) -> DrawnCase:
    """The case of an operator with several outputs, which a CONCATENATION joins in another order.

    `order` holds the operator's inputs, SOURCE among them; all other axes of the outputs agree.
    """
    tensors = [source if each is SOURCE else each for each in order]
    first = len(tensors)
    outputs = list(range(first, first + len(shapes)))
    tensors += [like(source, shape) for shape in shapes]
    along = sum(shape[axis] for shape in shapes)
    tensors.append(like(source, (*shapes[0][:axis], along, *shapes[0][axis + 1 :])))
    again = list(draw(st.permutations(outputs)))
    operators = [
        Operator(operator, list(range(first)), outputs, options or {}),
        Operator("CONCATENATION", again, [len(tensors) - 1], {"axis": axis}),
    ]
    return DrawnCase(
        graph(
            tensors,
            operators,
            next(i for i, t in enumerate(tensors) if t is source),
            len(tensors) - 1,
        ),
        draw(drawing.inputs(source)),
        f"{operator.lower()} {source.dtype} {source.shape} into {shapes}, joined as {again}",
    )


SOURCE = object()
