"""CONV_2D: any window, dilation and activation, up to 33 channels on either side, now and then in
groups, or 3x3 on one channel, for the variants of that."""

from functools import partial
from typing import Any

from hypothesis import strategies as st
from one_operator import Tensor
from properties import drawing, fixed
from properties.drawing import DrawnCase, Window
from properties.steps import Step


@st.composite
def groups(draw: Any, input_c: int, output_c: int) -> tuple[int, int]:
    """(channels that a filter reads, output channels): mostly of one group."""
    count = draw(drawing.mostly(st.sampled_from([2, 3, 4, input_c]), 1, 1))
    if input_c % count:
        return input_c, output_c
    return input_c // count, count * draw(st.integers(1, 3)) if count > 1 else output_c


DTYPES = ("int8", "float32", "int16")


@st.composite
def steps(
    draw: Any,
    source: Tensor,
    window: Window,
    output_c: int,
    own_c: int = 0,
    with_bias: bool = True,
    activations: st.SearchStrategy[int] = drawing.ACTIVATIONS,
    filling: bool = False,
) -> Step:
    """A layer that reads `source`; each filter reads `own_c` channels of it, or all."""
    output = draw(
        drawing.activations(
            (1, window.output_h, window.output_w, output_c), source.dtype, filling=filling
        )
    )
    shape = (output_c, window.filter_h, window.filter_w, own_c or source.shape[-1])
    weights = draw(drawing.weights(shape, 0, source, output, with_bias, filling=filling))
    options = window.options | window.dilations
    options |= {"fusedActivationFunction": draw(activations)}
    return Step("CONV_2D", weights, output, options)


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    mono = draw(st.sampled_from([False, False, True]))
    window = draw(drawing.windows(always_3x3=mono))
    input_c = 1 if mono else draw(drawing.mostly(drawing.CHANNELS, 3, 1))
    output_c = draw(drawing.CHANNELS)
    source = draw(drawing.activations((1, window.input_h, window.input_w, input_c), dtype))
    own_c, output_c = draw(groups(input_c, output_c))
    step = draw(steps(source, window, output_c, own_c, with_bias=False))
    inputs = draw(drawing.inputs(source))
    what = f"{window} {input_c}->{output_c}, {input_c // own_c} groups"
    tensors = [source, *step.constants]
    return drawing.layer(step.operator, tensors, step.output, step.options, inputs, what)


def _fixed(dtype: str) -> list[DrawnCase]:
    """Clamps from above only, in each variant, over maps with an inside and an odd rest."""

    def made(
        size: tuple[int, int], channels: tuple[int, int], filters: int, stride: int, **more: Any
    ) -> DrawnCase:
        (height, width), (before, after) = size, channels
        columns = min(filters, width)
        shapes = ((1, height, width, before), (after, filters, columns, before))
        result = (1, -(-height // stride), -(-width // stride), after)
        return fixed.layer(
            "CONV_2D", dtype, *shapes, result, fixed.window((stride, stride)), **more
        )

    relu: dict[str, Any] = {"activation": fixed.RELU}
    # What takes pixels in blocks, and channels by fours: rests of both, and of vectors of 16 bytes.
    blocks = [
        made((9, 7), (33, 9), 1, 1),
        made((9, 7), (64, 8), 1, 1, **relu),
        made((5, 9), (16, 7), 1, 1),
        made((5, 9), (7, 12), 1, 1, **relu),
        made((8, 9), (40, 2), 1, 1),
        made((3, 1), (24, 5), 1, 1),
        made((1, 1), (24, 7), 1, 1),
        made((7, 9), (18, 6), 1, 2, **relu),
        made((6, 7), (5, 3), 1, 3),
        made((5, 35), (16, 5), 3, 1),
        made((4, 21), (40, 4), 3, 1, **relu),
        made((9, 13), (4, 6), 3, 2),
        made((13, 12), (3, 9), 5, 3, **relu),
        made((9, 9), (7, 6), 2, 3),
        made((3, 3), (20, 5), 3, 3),
        made((17, 1), (9, 6), 3, 1, **relu),
        made((23, 1), (3, 5), 4, 2),
        # A last block that begins in a row before, and more pixels than are taken at a time.
        *(made(m, (6, 7), 3, 1, **f) for m in ((9, 3), (37, 1), (10, 13)) for f in ({}, relu)),
        made((10, 13), (4, 3), 1, 1, **relu),
        made((13, 14), (5, 7), 3, 2, **relu),
        made((11, 9), (8, 2), 5, 1, **relu),
    ]
    above: dict[str, Any] = {"activation": fixed.RELU6, "zero_points": (5, -128), "spread": 90.0}
    return [
        made((5, 7), (7, 6), 1, 1, **above),
        made((9, 11), (3, 5), 3, 1, **above),
        made((9, 11), (1, 5), 3, 1, **above),
        made((12, 9), (1, 4), 3, 2, activation=fixed.RELU, bias=False),
        made((13, 17), (2, 3), 5, 2),
        made((8, 19), (5, 1), 3, 1),
        made((5, 9), (6, 7), 1, 1, activation=fixed.RELU),
        made((6, 7), (18, 4), 3, 1),
        *(blocks if dtype == "int8" else []),
    ]


FIXED = {dtype: partial(_fixed, dtype) for dtype in ("int8", "float32")}
