"""PAD of all axes but the first, of two to four axes; PADV2 draws the same."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from one_operator import Tensor, model
from properties import drawing
from properties.drawing import DrawnCase
from properties.steps import Step


def padded(source: Tensor, pairs: list[tuple[int, int]], integer: str = "int32") -> Step:
    """Pads `source` by so many values before and behind it along each axis."""
    sizes = zip(source.shape, pairs, strict=True)
    shape = tuple(before + size + behind for size, (before, behind) in sizes)
    output = Tensor(shape, source.dtype, source.scales, source.zero_points)
    return Step("PAD", [Tensor((len(pairs), 2), integer, data=np.array(pairs))], output)


@st.composite
def pads(draw: Any, operator: str, dtype: str) -> DrawnCase:
    rank = draw(st.sampled_from([4, 4, 4, 3, 2]))
    sizes = (1, draw(st.integers(1, 6)), draw(st.integers(1, 6)), draw(drawing.CHANNELS))
    channels = draw(st.booleans())  # they are padded, too
    pairs = [(0, 0)] + [(draw(st.integers(0, 3)), draw(st.integers(0, 3))) for _ in range(3)]
    if rank == 4 and not channels:
        pairs[3] = (0, 0)
    pairs, shape = pairs[:rank], sizes[:rank]
    source = draw(drawing.activations(shape, dtype))
    step = padded(source, pairs, draw(st.sampled_from(["int32", "int64"])))
    inputs = [source, *step.constants]
    if operator == "PADV2":
        data = draw(drawing.values((1,), dtype))
        inputs.append(Tensor((1,), dtype, source.scales, source.zero_points, 0, data))
    return DrawnCase(
        model(operator, inputs, step.output, {}),
        draw(drawing.inputs(source)),
        f"{operator.lower()} {dtype} {shape} by {pairs}",
    )


DTYPES = ("int8", "float32", "int16")


def cases(dtype: str) -> st.SearchStrategy[DrawnCase]:
    return pads("PAD", dtype)
