"""DEPTHWISE_CONV_2D: any window, dilation and depth multiplier; 3x3 and at least four channels are
frequent, and windows of more than 16 taps in a line occur, for the variants of these."""

from functools import partial
from typing import Any

from hypothesis import strategies as st
from one_operator import Tensor
from properties import drawing, fixed
from properties.drawing import DrawnCase, Window
from properties.steps import Step

KINDS = ["any"] + 4 * ["other, wide"] + 9 * ["3x3, wide"] + 9 * ["3x3, thin"] + 3 * ["long"]
NONE, RELU, RELU6 = 0, 1, 3
TIMES = 3  # as many cases as others: it has nine variants

DTYPES = ("int8", "float32", "int16")


@st.composite
def steps(
    draw: Any,
    source: Tensor,
    window: Window,
    multiplier: int = 1,
    with_bias: bool = True,
    activations: st.SearchStrategy[int] = drawing.ACTIVATIONS,
    filling: bool = False,
) -> Step:
    """A layer that reads `source`."""
    output_c = source.shape[-1] * multiplier
    output = draw(
        drawing.activations(
            (1, window.output_h, window.output_w, output_c), source.dtype, filling=filling
        )
    )
    shape = (1, window.filter_h, window.filter_w, output_c)
    weights = draw(
        drawing.weights(shape, 3, source, output, with_bias, narrow=False, filling=filling)
    )
    options = window.options | window.dilations
    options |= {"fusedActivationFunction": draw(activations)}
    options |= {"depthMultiplier": multiplier}
    return Step("DEPTHWISE_CONV_2D", weights, output, options)


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    kind = draw(st.sampled_from(KINDS))
    window = draw(
        drawing.windows(
            largest=20 if kind == "long" else 5,
            always_3x3=kind.startswith("3x3"),
            seldom_3x3=kind in ("other, wide", "long"),
        )
    )
    wide, thin = st.integers(4, 11), st.integers(1, 3)
    by_kind = {"other, wide": wide, "3x3, wide": wide, "3x3, thin": thin}
    channels = draw(by_kind.get(kind, drawing.CHANNELS))
    many = kind in ("any", "3x3, thin", "long")
    multiplier = draw(drawing.mostly(st.integers(1, 5), 1)) if many else 1
    source = draw(drawing.activations((1, window.input_h, window.input_w, channels), dtype))
    # Variants of 3x3 differ by whether what is negative becomes 0.
    own = st.sampled_from([NONE, RELU, RELU6]) if kind.startswith("3x3") else drawing.ACTIVATIONS
    step = draw(steps(source, window, multiplier, with_bias=False, activations=own))
    inputs = draw(drawing.inputs(source))
    what = f"{window} {channels} x {multiplier}"
    tensors = [source, *step.constants]
    return drawing.layer(step.operator, tensors, step.output, step.options, inputs, what)


def _fixed(dtype: str) -> list[DrawnCase]:
    """Maps that variants make in several bands, and clamps from above only."""

    def made(
        height: int, width: int, channels: int, size: int, stride: int, times: int = 1, **more: Any
    ) -> DrawnCase:
        outputs = channels * times
        shapes = ((1, height, width, channels), (1, size, min(size, width), outputs))
        result = (1, -(-height // stride), -(-width // stride), outputs)
        options = fixed.window((stride, stride)) | {"depthMultiplier": times}
        return fixed.layer("DEPTHWISE_CONV_2D", dtype, *shapes, result, options, **more)

    def dilated(
        height: int, width: int, channels: int, window: tuple[int, int], times: int = 1
    ) -> DrawnCase:
        """Every second input; a map of one row or column is missed by two such taps."""
        outputs = channels * times
        shapes = ((1, height, width, channels), (1, *window, outputs))
        options = fixed.window(dilation=(2, 2)) | {"depthMultiplier": times}
        return fixed.layer(
            "DEPTHWISE_CONV_2D", dtype, *shapes, (1, height, width, outputs), options
        )

    above: dict[str, Any] = {"activation": RELU6, "zero_points": (5, -128), "spread": 90.0}
    return [
        made(13, 40, 5, 3, 1),
        made(13, 40, 6, 3, 1, activation=RELU),
        made(21, 71, 5, 3, 2, activation=RELU),
        made(22, 70, 4, 3, 2, bias=False),
        made(13, 39, 2, 3, 1),
        made(13, 40, 3, 3, 1, activation=RELU),
        made(21, 71, 1, 3, 2, times=3),
        made(22, 70, 2, 3, 2, activation=RELU),
        *(made(6, 5, channels, 3, 1, **above) for channels in (2, 5)),
        *(made(6, 5, 5, 5, 2, times=times, **above) for times in (1, 5)),
        *(made(5, 3, channels, 3, 1) for channels in (16, 35)),
        made(7, 6, 48, 3, 2, activation=RELU),
        made(6, 6, 20, 6, 6, **above),
        made(5, 6, 33, 5, 1, activation=RELU),
        made(4, 3, 32, 1, 1),
        made(4, 5, 24, 2, 1, extreme=True),
        made(4, 3, 130, 3, 1, **above),
        made(9, 1, 24, 3, 1),
        made(9, 1, 3, 3, 1),
        made(11, 1, 2, 5, 2, times=2),
        made(8, 1, 3, 4, 1, times=2, **above),
        made(8, 4, 17, 4, 2, bias=False),
        made(2, 2, 64, 3, 1, activation=RELU),
        made(3, 9, 19, 3, 3),
        made(6, 5, 2, 5, 1, times=3),
        *(dilated(4, 1, channels, (2, 2)) for channels in (2, 8)),
        *(dilated(1, 4, channels, (2, 1)) for channels in (3, 8)),
        dilated(5, 4, 2, (3, 1), times=2),
    ]


FIXED = {"int8": partial(_fixed, "int8")}
