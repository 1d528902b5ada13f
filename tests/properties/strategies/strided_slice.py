"""STRIDED_SLICE with every mask, strides of either sign, and bounds beyond the axes."""

from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st
from properties import by_place
from properties.drawing import DrawnCase

MASKS = ("begin", "end", "ellipsis", "newAxis", "shrinkAxis")

DTYPES = ("int8", "float32", "int16")


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    source = draw(by_place.sources(dtype))
    rank = len(source.shape)
    spec: list[tuple[int, int, int]] = []
    masks = dict.fromkeys(MASKS, 0)
    index: list[Any] = []
    left = rank
    while left and (not spec or draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(["range"] * 4 + ["ellipsis", "newAxis", "shrinkAxis"]))
        if kind == "ellipsis" and masks["ellipsis"]:
            kind = "range"
        size = source.shape[rank - left] if not masks["ellipsis"] else 1
        begin, end = draw(st.integers(-size - 1, size + 1)), draw(st.integers(-size - 1, size + 1))
        step = draw(st.sampled_from([1, 1, 1, 2, 3, -1, -2]))
        bit = 1 << len(spec)
        if kind == "range":
            open_ends = [draw(st.booleans()) for _ in range(2)]
            masks["begin"] |= bit * open_ends[0]
            masks["end"] |= bit * open_ends[1]
            index.append(
                slice(None if open_ends[0] else begin, None if open_ends[1] else end, step)
            )
            left -= 1
        else:
            masks[kind] |= bit
            if kind == "shrinkAxis":
                begin = draw(st.integers(-size, size - 1))
                end, step = begin + 1, 1
                index.append(begin)
                left -= 1
            elif kind == "newAxis":
                index.append(np.newaxis)
            else:
                index.append(Ellipsis)
                left = draw(st.integers(0, left - 1))
        spec.append((begin, end, step))
    found = np.empty(source.shape)[tuple(index)]
    assume(found.size and (found.ndim != 4 or found.shape[0] == 1) and found.ndim < 6)
    constants = [by_place.integers(column) for column in zip(*spec, strict=True)]
    options = {f"{name}Mask": mask for name, mask in masks.items()}
    case: DrawnCase = draw(by_place.moved("STRIDED_SLICE", source, constants, found.shape, options))
    return case
