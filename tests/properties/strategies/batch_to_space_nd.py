"""BATCH_TO_SPACE_ND of the maps that SPACE_TO_BATCH_ND has made, cropped on all sides."""

from typing import Any

from hypothesis import strategies as st
from one_operator import Operator, Tensor, graph
from properties import by_place, drawing
from properties.drawing import DrawnCase


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    axes = draw(st.integers(1, 2))
    blocks = [draw(st.integers(1, 3)) for _ in range(axes)]
    sides = [draw(st.integers(1, 4)) for _ in range(axes)]
    whole = [side * block for side, block in zip(sides, blocks, strict=True)]
    crops = []
    for size in whole:
        before = draw(st.integers(0, size - 1))
        crops.append([before, draw(st.integers(0, size - 1 - before))])
    channels = draw(st.integers(1, 5))
    source: Tensor = draw(drawing.activations((1, *whole, channels), dtype))
    maps = blocks[0] * (blocks[1] if axes == 2 else 1)
    shape = (1, *(size - sum(pair) for size, pair in zip(whole, crops, strict=True)), channels)
    tensors = [
        source,
        by_place.integers(blocks),
        by_place.integers([[0, 0]] * axes),
        by_place.like(source, (maps, *sides, channels)),
        by_place.integers(crops),
        by_place.like(source, shape),
    ]
    operators = [
        Operator("SPACE_TO_BATCH_ND", [0, 1, 2], [3]),
        Operator("BATCH_TO_SPACE_ND", [3, 1, 4], [5]),
    ]
    return DrawnCase(
        graph(tensors, operators, 0, 5),
        draw(drawing.inputs(source)),
        f"batch_to_space_nd {dtype} {blocks} to {shape}, crops {crops}",
    )
