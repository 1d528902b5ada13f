"""CONV_2D: any window, dilation and activation, up to 33 channels on either side, now and then in
groups, or 3x3 on one channel, for the variants of that."""

from functools import partial
from typing import Any

import numpy as np
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
RELU_N1_TO_1 = 2


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
        *([*blocks, *_exact_ones()] if dtype == "int8" else []),
        *([made((3, 5), (3, 7), 1, 1)] if dtype == "float32" else []),
    ]


def _exact(
    size: tuple[int, int],
    channels: tuple[int, int],
    filters: int,
    weights: tuple[int, ...],
    *,
    dtype: str = "int8",
    multiplier: float = 1.0,
    bias: int = 0,
    dilation: int = 1,
    groups: int = 1,
    activation: int = fixed.NONE,
    zero_point: int = 0,
) -> DrawnCase:
    """A layer of a few weights, inputs from -3 to 3 and scales that are powers of two, without a
    bias or with one that all channels share, so that each unit of a sum shows."""
    (height, width), (before, after) = size, channels
    rng = np.random.default_rng(height * width + before)
    shape = (1, height, width, before)
    source = Tensor(shape, dtype, (1.0,))
    data = rng.choice(weights, (after, filters, filters, before // groups))
    tensors = [source, Tensor(data.shape, "int8", (multiplier,), data=data)]
    if bias:
        tensors.append(Tensor((after,), "int32", (multiplier,), data=np.full(after, bias)))
    output = Tensor((1, height, width, after), dtype, (1.0,), (zero_point,))
    options = fixed.window(dilation=(dilation, dilation)) | {"fusedActivationFunction": activation}
    fed = rng.integers(-3, 4, (drawing.PICTURES, *shape[1:])).astype(dtype)
    return drawing.layer("CONV_2D", tensors, output, options, fed, f"{shape} by {filters}, exact")


def _exact_ones() -> list[DrawnCase]:
    """Outputs that all lie half way between two values, where bounds are below and above 0, sums of
    units, and runs of nine bytes that are no three pixels."""
    halves: dict[str, Any] = {"multiplier": 1 / 16, "bias": 8}
    bounded: dict[str, Any] = {"activation": RELU_N1_TO_1, "zero_point": 50}
    return [
        _exact((6, 6), (6, 5), 1, (-16, 16), **halves),
        _exact((3, 6), (6, 4), 1, (-16, 16), **halves, **bounded),
        _exact((3, 3), (5, 5), 2, (-16, 0, 0, 16), **halves),
        _exact((9, 8), (2, 4), 3, (-16, 0, 0, 16), **halves, **bounded),
        _exact((5, 6), (1, 4), 3, (-16, 0, 16), **halves, **bounded),
        _exact((5, 6), (1, 4), 3, (-1, -1, 1), multiplier=1 / 4),
        _exact((7, 6), (9, 5), 2, (-4, 0, 4), multiplier=1 / 4, dilation=2),
        _exact((4, 4), (4, 6), 2, (-1, 1), groups=2),
    ]


def _fixed_int16() -> list[DrawnCase]:
    """Returns what the drawn ones seldom are: dilated, in groups, and large sums of 64 bits."""
    shapes = ((1, 6, 6, 3), (8, 3, 3, 3), (1, 6, 6, 8))
    return [
        fixed.layer("CONV_2D", "int16", *shapes, fixed.window()),
        _exact((5, 6), (3, 2), 3, (-1, 0, 1), dtype="int16", dilation=2),
        _exact((5, 4), (4, 6), 3, (-1, 1), dtype="int16", groups=2),
    ]


FIXED = {
    "int8": partial(_fixed, "int8"),
    "float32": partial(_fixed, "float32"),
    "int16": _fixed_int16,
}
