"""SPACE_TO_BATCH_ND of a map or a sequence: any blocks, with padding that they leave."""

from typing import Any

from hypothesis import strategies as st
from one_operator import Tensor
from properties import by_place, drawing
from properties.drawing import DrawnCase


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    axes = draw(st.integers(1, 2))
    sizes = [draw(st.integers(1, 7)) for _ in range(axes)]
    blocks = [draw(st.integers(1, 3)) for _ in range(axes)]
    paddings = []
    for size, block in zip(sizes, blocks, strict=True):
        before, after = draw(st.integers(0, 3)), draw(st.integers(0, 3))
        paddings.append([before, after + -(size + before + after) % block])
    source: Tensor = draw(drawing.activations((1, *sizes, draw(st.integers(1, 5))), dtype))
    maps = blocks[0] * (blocks[1] if axes == 2 else 1)
    sides = [
        (size + sum(pair)) // block
        for size, pair, block in zip(sizes, paddings, blocks, strict=True)
    ]
    shape = (maps, *sides, source.shape[-1])
    constants = [by_place.integers(blocks), by_place.integers(paddings)]
    case: DrawnCase = draw(by_place.moved("SPACE_TO_BATCH_ND", source, constants, shape))
    return case
