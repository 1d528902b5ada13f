"""Models of several operators in a row, for what the compiler does across them: folded padding,
fused calls, shared and overlapping memory.

content = chain(source, [Step("PAD", [sizes], padded), Step("CONV_2D", weights, output, options)])
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st
from one_operator import Operator, Tensor, graph
from properties import drawing
from properties.drawing import Array, DrawnCase, Window


@dataclass(frozen=True)
class Step:
    """One operator; its first input is what the step before put out."""

    operator: str
    constants: list[Tensor]
    output: Tensor
    options: dict[str, Any] = field(default_factory=dict)  # TFLite's field names


def chain(source: Tensor, steps: list[Step]) -> bytes:
    """The .tflite of these operators one behind the other."""
    tensors, operators, last = [source], [], 0
    for step in steps:
        constants = list(range(len(tensors), len(tensors) + len(step.constants)))
        tensors += [*step.constants, step.output]
        inputs = [last, *constants]
        last = len(tensors) - 1
        operators.append(Operator(step.operator, inputs, [last], step.options))
    return graph(tensors, operators, 0, last)


def pad(source: Tensor, top: int, bottom: int, left: int, right: int) -> Step:
    """ZeroPadding2D as Keras exports it."""
    _, h, w, c = source.shape
    sizes = np.array([[0, 0], [top, bottom], [left, right], [0, 0]])
    shape = (1, h + top + bottom, w + left + right, c)
    output = Tensor(shape, source.dtype, source.scales, source.zero_points)
    return Step("PAD", [Tensor((4, 2), "int32", data=sizes)], output)


@st.composite
def convolutions(draw: Any, source: Tensor, window: Window, depthwise: bool) -> Step:
    """CONV_2D or DEPTHWISE_CONV_2D with this window over `source`."""
    channels = source.shape[-1]
    count = channels if depthwise else draw(st.integers(1, 9))
    output = draw(drawing.activations((1, window.output_h, window.output_w, count), source.dtype))
    shape = (
        (1, window.filter_h, window.filter_w, count)
        if depthwise
        else (count, window.filter_h, window.filter_w, channels)
    )
    weights = draw(drawing.weights(shape, 3 if depthwise else 0, source, output, with_bias=True))
    options = window.options | window.dilations
    options |= {"fusedActivationFunction": draw(drawing.ACTIVATIONS)}
    options |= {"depthMultiplier": 1} if depthwise else {}
    operator = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
    return Step(operator, weights, output, options)


@st.composite
def padded_convolutions(draw: Any, dtype: str) -> DrawnCase:
    """PAD, then a VALID convolution: explicit padding, symmetric more often than not."""
    window = draw(drawing.windows(valid_only=True, largest=4))
    top, left = draw(st.integers(0, 4)), draw(st.integers(0, 4))
    bottom, right = draw(drawing.mostly(st.integers(0, 4), top)), draw(st.integers(0, 4))
    h, w = window.input_h - top - bottom, window.input_w - left - right
    if h < 1 or w < 1:  # a map of one pixel that is padding all around
        h, w = max(h, 1), max(w, 1)
        window = drawing.resized(window, h + top + bottom, w + left + right)
    source = draw(drawing.activations((1, h, w, draw(drawing.CHANNELS)), dtype))
    padding = pad(source, top, bottom, left, right)
    depthwise = draw(st.booleans())
    step = draw(convolutions(padding.output, window, depthwise))
    return case(draw, source, [padding, step], f"padding {top},{bottom},{left},{right}, {window}")


@st.composite
def networks(draw: Any, dtype: str) -> DrawnCase:
    """Two to six layers that fit onto each other, maybe with a classifier's head."""
    shape = (1, draw(st.integers(1, 12)), draw(st.integers(1, 12)), draw(drawing.CHANNELS))
    source = at = draw(drawing.activations(shape, dtype))
    steps: list[Step] = []
    kinds = ["conv", "depthwise", "pad", "MAX_POOL_2D", "AVERAGE_POOL_2D"]
    for _ in range(draw(st.integers(2, 6))):
        kind = draw(st.sampled_from(kinds))
        if kind == "pad":
            steps.append(pad(at, *(draw(st.integers(0, 2)) for _ in range(4))))
        else:
            window = draw(drawing.windows(dilated=False, largest=3))
            _, h, w, _ = at.shape
            window = drawing.resized(window, h, w)
            if kind in ("conv", "depthwise"):
                steps.append(draw(convolutions(at, window, kind == "depthwise")))
            else:
                steps.append(pool(kind, at, window))
        at = steps[-1].output
    if draw(st.booleans()):
        steps += draw(heads(at))
    return case(draw, source, steps, " ".join(step.operator for step in steps))


def pool(operator: str, source: Tensor, window: Window) -> Step:
    shape = (1, window.output_h, window.output_w, source.shape[-1])
    options = window.options | {"filterHeight": window.filter_h, "filterWidth": window.filter_w}
    output = Tensor(shape, source.dtype, source.scales, source.zero_points)
    return Step(operator, [], output, options)


@st.composite
def heads(draw: Any, source: Tensor) -> list[Step]:
    """RESHAPE, FULLY_CONNECTED, SOFTMAX."""
    count, dtype = int(np.prod(source.shape)), source.dtype
    flat = Tensor((1, count), dtype, source.scales, source.zero_points)
    logits = draw(drawing.activations((1, 10), dtype))
    weights = draw(drawing.weights((10, count), 0, flat, logits, with_bias=True, largest=2.0**18))
    output = Tensor((1, 10), dtype, (1 / 256,) if dtype == "int8" else (), (-128,))
    return [
        Step("RESHAPE", [Tensor((2,), "int32", data=np.array([1, count]))], flat),
        Step("FULLY_CONNECTED", weights, logits),
        Step("SOFTMAX", [], output, {"beta": 1.0}),
    ]


@st.composite
def residuals(draw: Any, dtype: str) -> DrawnCase:
    """x + f(x), x * x and so on: one buffer is read twice and by several operators."""
    shape = (1, draw(st.integers(1, 7)), draw(st.integers(1, 7)), draw(drawing.CHANNELS))

    def tensor() -> Tensor:
        scale: float = draw(drawing.scales(2.0**-8, 0.5))
        found: Tensor = draw(drawing.activations(shape, dtype, scale))
        return found

    kinds = st.sampled_from(["ADD", "SUB", "MUL"])
    operators = [Operator("RELU", [0], [1])]
    for sources, target in (([[0, 1], [1, 0], [1, 1]], 2), ([[0, 2], [2, 1], [2, 2]], 3)):
        options = {"fusedActivationFunction": draw(drawing.ACTIVATIONS)}
        operators.append(Operator(draw(kinds), draw(st.sampled_from(sources)), [target], options))
    tensors = [tensor() for _ in range(4)]
    inputs: Array = draw(drawing.inputs(tensors[0]))
    what = ", ".join(f"{op.name} {op.inputs}" for op in operators)
    largest = float(np.abs(inputs).max())
    magnitude = max(4 * largest, largest**2, largest**4) if dtype == "float32" else 0.0
    return DrawnCase(graph(tensors, operators, 0, 3), inputs, f"{dtype} {shape} {what}", magnitude)


@st.composite
def reshapes(draw: Any, dtype: str) -> DrawnCase:
    """RESHAPE, EXPAND_DIMS and SQUEEZE in a row, then something that changes values."""
    h, w, c = draw(st.integers(1, 7)), draw(st.integers(1, 7)), draw(drawing.CHANNELS)
    source = draw(drawing.activations((1, h, w, c), dtype))

    def like(*shape: int) -> Tensor:
        return Tensor(shape, dtype, source.scales, source.zero_points)

    axis = Tensor((1,), "int32", data=np.array([2]))
    sizes = Tensor((3,), "int32", data=np.array([1, h * w, c]))
    steps = [
        Step("RESHAPE", [sizes], like(1, h * w, c)),
        Step("EXPAND_DIMS", [axis], like(1, h * w, 1, c)),
        Step("SQUEEZE", [], like(1, h * w, c), {"squeezeDims": [2]}),
        Step("RELU", [], like(1, h * w, c)),
    ]
    return case(draw, source, steps, f"reshapes {h}x{w}x{c}")


def case(draw: Any, source: Tensor, steps: list[Step], what: str) -> DrawnCase:
    inputs: Array = draw(drawing.inputs(source))
    magnitude = 0.0
    if source.dtype == "float32":  # a bound on all terms: rounding errors of each layer add up
        bound = float(np.abs(inputs).max())
        for step in steps:
            weights = [t for t in step.constants if t.dtype == "float32"]
            if weights:
                bound *= float(np.abs(weights[0].data).max())
                bound = max([bound, *(float(np.abs(t.data).max()) for t in weights[1:])])
            magnitude = max(magnitude, bound)
    return DrawnCase(chain(source, steps), inputs, f"{source.dtype} {what}", magnitude)
