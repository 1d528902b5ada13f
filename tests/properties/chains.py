"""Models of several operators in a row, for what the compiler does across them: folded padding,
fused calls, shared and overlapping memory. The strategies of the operators draw the layers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from one_operator import Operator, Tensor, graph
from properties import drawing, strategies
from properties.drawing import Array, DrawnCase, Window
from properties.steps import Step, chain
from properties.strategies.pad import padded


def pad(source: Tensor, top: int, bottom: int, left: int, right: int) -> Step:
    """ZeroPadding2D as Keras exports it."""
    return padded(source, [(0, 0), (top, bottom), (left, right), (0, 0)])


@st.composite
def convolutions(
    draw: Any, source: Tensor, window: Window, depthwise: bool, filling: bool = False
) -> Step:
    """CONV_2D or DEPTHWISE_CONV_2D with this window over `source`."""
    name = "depthwise_conv_2d" if depthwise else "conv_2d"
    outputs = [] if depthwise else [draw(st.integers(1, 9))]
    strategy = strategies.load(name).steps(source, window, *outputs, filling=filling)
    found: Step = draw(strategy)
    return found


LAYERS, SIZES, FILLINGS = st.integers(2, 6), st.integers(1, 12), st.booleans()
KINDS = ["conv_2d", "depthwise_conv_2d", "pointwise", "pad", "max_pool_2d", "average_pool_2d"]
KINDS.append("residual")


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
def networks(
    draw: Any,
    dtype: str,
    layers: st.SearchStrategy[int] = LAYERS,
    sizes: st.SearchStrategy[int] = SIZES,
    fillings: st.SearchStrategy[bool] = FILLINGS,
) -> DrawnCase:
    """Two to six layers that fit onto each other, maybe with a classifier's head; or so many
    `layers` on a map of such `sizes`. A residual block counts as one. Of `filling` layers a wrong
    value shows at the end; of others, with all that a layer may have, often only one is left."""
    shape = (1, draw(sizes), draw(sizes), draw(drawing.CHANNELS))
    filling = draw(fillings)
    source = at = draw(drawing.activations(shape, dtype, filling=filling))
    steps: list[Step] = []
    for _ in range(draw(layers)):
        kind = draw(st.sampled_from(KINDS))
        _, h, w, _ = at.shape
        if kind == "pad":
            steps.append(pad(at, *(draw(st.integers(0, 2)) for _ in range(4))))
        elif kind == "residual":
            steps += draw(residual(at, len(steps), filling))
        elif kind == "pointwise":
            window = Window(h, w, 1, 1, 1, 1, 1, 1, same=True)
            steps.append(draw(convolutions(at, window, False, filling)))
        else:
            window = drawing.resized(draw(drawing.windows(dilated=False, largest=3)), h, w)
            if "conv" in kind:
                depthwise = kind == "depthwise_conv_2d"
                steps.append(draw(convolutions(at, window, depthwise, filling)))
            else:
                steps.append(draw(strategies.load(kind).steps(at, window)))
        at = steps[-1].output
    head = draw(st.sampled_from(["none", "none", "mean", "classifier", "classifier"]))
    if head == "mean":
        steps.append(draw(strategies.load("mean").steps(at, [1, 2], True, filling)))
    elif head == "classifier":
        steps += draw(heads(at, filling))
    return case(draw, source, steps, " ".join(step.operator for step in steps), filling)


@st.composite
def residual(draw: Any, source: Tensor, number: int, filling: bool) -> list[Step]:
    """A convolution and the sum of what it has read, which is value `number`, and its output."""
    _, h, w, c = source.shape
    window = Window(h, w, 3, 3, 1, 1, 1, 1, same=True)
    inner = draw(strategies.load("conv_2d").steps(source, window, c, filling=filling))
    total = strategies.load("add").steps(inner.output, source, number, filling)
    return [inner, draw(total)]


@st.composite
def heads(draw: Any, source: Tensor, filling: bool) -> list[Step]:
    """RESHAPE, FULLY_CONNECTED, SOFTMAX."""
    count, dtype = int(np.prod(source.shape)), source.dtype
    flat = Tensor((1, count), dtype, source.scales, source.zero_points)
    dense = draw(strategies.load("fully_connected").steps(flat, (1, 10), filling=filling))
    output = Tensor((1, 10), dtype, (1 / 256,) if dtype == "int8" else (), (-128,))
    return [
        Step("RESHAPE", [Tensor((2,), "int32", data=np.array([1, count]))], flat),
        dense,
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


def case(
    draw: Any, source: Tensor, steps: list[Step], what: str, filling: bool = False
) -> DrawnCase:
    inputs: Array = draw(drawing.inputs(source, filling))
    magnitude = 0.0
    if source.dtype == "float32":  # a bound on all terms: rounding errors of each layer add up
        bounds = [float(np.abs(inputs).max())]
        for step in steps:
            weights = [t for t in step.constants if t.dtype == "float32"]
            bound = bounds[-1]
            if weights:
                bound *= float(np.abs(weights[0].data).max())
                bound = max([bound, *(float(np.abs(t.data).max()) for t in weights[1:])])
            if step.also is not None:
                bound += bounds[step.also]
            bounds.append(bound)
        magnitude = max(bounds[1:])
    return DrawnCase(chain(source, steps), inputs, f"{source.dtype} {what}", magnitude)
