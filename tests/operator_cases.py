"""One random case of an operator: a .tflite of it alone, and inputs.

content, inputs = unary("TANH")(Draw("seed", "int8"))
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import one_operator
from one_operator import Operator, Tensor, model

PICTURES = 4
Case = tuple[bytes, npt.NDArray[Any]]


class Draw:
    """Random choices for one case; the seed is in the failure's message, so it repeats."""

    def __init__(self, seed: str, dtype: str) -> None:
        self.rng = random.Random(seed)
        self.np = np.random.default_rng(self.rng.randrange(1 << 32))
        self.dtype = dtype

    def size(self, low: int, high: int) -> int:
        return self.rng.randint(low, high)

    def scale(self, low: float = -2.5, high: float = -0.5) -> float:
        return float(np.float32(10 ** self.rng.uniform(low, high)))

    def tensor(self, shape: tuple[int, ...], scale: float | None = None) -> Tensor:
        if self.dtype == "float32":
            return Tensor(shape, "float32")
        low, high = (0, 255) if self.dtype == "uint8" else (-128, 127)
        zero_point = self.rng.choice([low, high, (low + high + 1) // 2, self.size(low, high)])
        return Tensor(shape, self.dtype, (scale or self.scale(),), (zero_point,))

    def like(self, t: Tensor, shape: tuple[int, ...]) -> Tensor:
        return Tensor(shape, t.dtype, t.scales, t.zero_points)

    def values(self, shape: tuple[int, ...]) -> npt.NDArray[Any]:
        """Extremes are as frequent as everything between."""
        if self.dtype == "float32":
            return self.np.normal(scale=4, size=shape).astype(np.float32)
        spread = self.np.integers(-128, 128, shape)
        extremes = self.np.choice([-128, -127, -1, 0, 1, 126, 127], shape)
        chosen = np.where(self.np.random(shape) < 0.5, spread, extremes)
        return chosen.astype(np.int8)

    def constant(self, t: Tensor) -> Tensor:
        values = self.values(t.shape)
        t.data = values.astype(np.int16) + 128 if self.dtype == "uint8" else values
        return t

    def inputs(self, shape: tuple[int, ...]) -> npt.NDArray[Any]:
        return self.values((PICTURES, *shape[1:]))

    def activation(self) -> dict[str, int]:
        return {"fusedActivationFunction": self.rng.choice([0, 0, 1, 2, 3])}

    def map(self) -> tuple[int, int, int, int]:
        return (1, self.size(1, 7), self.size(1, 7), self.size(1, 9))


def integers(values: Any, dtype: str = "int32") -> Tensor:
    data = np.array(values)
    return Tensor(data.shape, dtype, data=data)


def unary(name: str) -> Callable[[Draw], Case]:
    def build(draw: Draw) -> Case:
        count = 256
        source = draw.tensor((1, count), draw.scale(-2.5, 0.3))
        target = draw.tensor((1, count), draw.scale(-2.5, 0.3))
        if name == "HARD_SWISH" and draw.dtype != "float32":  # TFLite allows no finer output
            target.scales = (max(target.scales[0], source.scales[0] / 100),)
        if name == "LOGISTIC" and draw.dtype != "float32":
            target.scales, target.zero_points = (1 / 256,), (-128 if draw.dtype == "int8" else 0,)
        inputs = draw.inputs(source.shape)
        if draw.dtype != "float32":
            inputs[0] = np.arange(-128, 128)
        return model(name, [source], target), inputs

    build.__name__ = name.lower()
    return build


def binary(name: str) -> Callable[[Draw], Case]:
    """One side may be repeated, or a constant, or both are computed by the model."""

    def build(draw: Draw) -> Case:
        full = draw.map()
        _, h, w, c = full
        shapes: list[tuple[int, ...]] = [full, full, (1, 1, 1, c), (c,), (1,), ()]
        shapes += [(1, h, w, 1), (h, 1, c), (1, 1, w, 1)]
        a, b = draw.tensor(full), draw.tensor(draw.rng.choice(shapes))
        if draw.dtype == "float32":
            scale = None
        elif name == "MUL":
            scale = float(np.float32(a.scales[0] * b.scales[0] * 10 ** draw.rng.uniform(0, 2.5)))
        else:
            scale = max(a.scales[0], b.scales[0]) * draw.rng.choice([0.5, 1, 2])
        target = draw.tensor(full, scale)
        kind = draw.rng.choice(["constant", "constant first", "two computed"])
        options = draw.activation()
        if kind == "constant":
            tensors, order = [a, draw.constant(b), target], [0, 1]
        elif kind == "constant first":
            tensors, order = [a, draw.constant(b), target], [1, 0]
        else:  # b is per channel, as in squeeze-and-excitation
            b.shape = (1, 1, 1, c)
            if draw.dtype != "float32":
                b.scales, b.zero_points = a.scales, a.zero_points
            tensors, order = [a, b, target, integers([1, 2])], draw.rng.choice([[0, 1], [1, 0]])
        operators = [Operator(name, order, [2], options)]
        if kind == "two computed":
            operators.insert(0, Operator("REDUCE_MAX", [0, 3], [1], {"keepDims": True}))
        return one_operator.graph(tensors, operators, 0, 2), draw.inputs(full)

    build.__name__ = name.lower()
    return build


def residual(draw: Draw) -> Case:
    """x + f(x), x * x and so on: one buffer is read twice and by several operators."""
    full = draw.map()
    x, f, y, z = (draw.tensor(full) for _ in range(4))
    first, second = draw.rng.choice(["ADD", "SUB", "MUL"]), draw.rng.choice(["ADD", "SUB", "MUL"])
    operators = [
        Operator("RELU", [0], [1]),
        Operator(first, draw.rng.choice([[0, 1], [1, 0], [1, 1]]), [2], draw.activation()),
        Operator(second, draw.rng.choice([[0, 2], [2, 1], [2, 2]]), [3], draw.activation()),
    ]
    return one_operator.graph([x, f, y, z], operators, 0, 3), draw.inputs(full)


def reduction(name: str) -> Callable[[Draw], Case]:
    def build(draw: Draw) -> Case:
        shape = (1, draw.size(1, 14), draw.size(1, 14), draw.size(1, 12))
        axes = draw.rng.choice([[1, 2], [2, 1], [-3, -2], [1], [2], [3], [1, 2, 3]])
        keep = draw.rng.choice([True, False])
        reduced = {a % 4 for a in axes}
        sizes = [
            (1 if i in reduced else s) for i, s in enumerate(shape) if keep or i not in reduced
        ]
        source = draw.tensor(shape)
        target = draw.tensor(tuple(sizes))
        if name == "REDUCE_MAX":
            target = draw.like(source, target.shape)
        operator = model(name, [source, integers(axes)], target, {"keepDims": keep})
        return operator, draw.inputs(shape)

    build.__name__ = name.lower()
    return build


def pad(name: str) -> Callable[[Draw], Case]:
    def build(draw: Draw) -> Case:
        rank = draw.rng.choice([4, 4, 4, 3, 2])
        shape = (1, *draw.map()[1:])[:rank]
        pairs = [(0, 0)] + [(draw.size(0, 3), draw.size(0, 3)) for _ in shape[1:]]
        source = draw.tensor(shape)
        target = draw.like(source, tuple(a + s + b for s, (a, b) in zip(shape, pairs, strict=True)))
        tensors = [source, integers(pairs, draw.rng.choice(["int32", "int64"]))]
        if name == "PADV2":
            tensors.append(draw.constant(draw.like(source, (1,))))
        return model(name, tensors, target), draw.inputs(shape)

    build.__name__ = name.lower()
    return build


def concatenation(draw: Draw) -> Case:
    """The input, something computed from it, and constants, in any order along any axis."""
    axis = draw.rng.choice([1, 2, 3, -1, -3])
    x = draw.tensor(draw.map())
    pieces = [x, draw.like(x, x.shape)]
    for _ in range(draw.size(0, 3)):
        shape = list(x.shape)
        shape[axis] = draw.size(1, 4)
        pieces.append(draw.constant(draw.like(x, tuple(shape))))
    order = draw.rng.sample(range(len(pieces)), draw.size(1, len(pieces)))
    order = order if {0, 1} & set(order) else [0, *order]
    shape = list(x.shape)
    shape[axis] = sum(pieces[i].shape[axis] for i in order)
    tensors = [*pieces, draw.like(x, tuple(shape))]
    operators = [
        Operator("RELU", [0], [1]),
        Operator("CONCATENATION", order, [len(pieces)], {"axis": axis}),
    ]
    return one_operator.graph(tensors, operators, 0, len(pieces)), draw.inputs(x.shape)


def quantize(draw: Draw) -> Case:
    """float32 -> the type and back."""
    shape = (1, 64)
    tensors = [Tensor(shape, "float32"), draw.tensor(shape), Tensor(shape, "float32")]
    operators = [Operator("QUANTIZE", [0], [1]), Operator("DEQUANTIZE", [1], [2])]
    inputs = draw.np.normal(scale=20, size=(PICTURES, 64)).astype(np.float32)
    half_steps = draw.np.integers(-300, 300, 64) + 0.5
    inputs[0] = (half_steps * tensors[1].scales[0]).astype(np.float32)
    inputs[1, :2] = [3e38, -3e38] if draw.size(0, 1) else [1e9, -1e9]
    inputs[1] = np.clip(inputs[1], -1e6, 1e6)  # the reference overflows beyond
    return one_operator.graph(tensors, operators, 0, 2), inputs


def dequantize(draw: Draw) -> Case:
    source = draw.tensor((1, 64), draw.scale(-6, 3))
    return model("DEQUANTIZE", [source], Tensor((1, 64), "float32")), draw.inputs((1, 64))


def reshaped(draw: Draw) -> Case:
    """RESHAPE, SQUEEZE and EXPAND_DIMS in a row, something that changes values between."""
    _, h, w, c = draw.map()
    source = draw.tensor((1, h, w, c))
    shapes: list[tuple[int, ...]] = [(1, h * w, c), (1, h * w, 1, c), (1, h * w, c), (1, h * w, c)]
    tensors = [source, *(draw.like(source, shape) for shape in shapes), integers(2)]
    operators = [
        Operator("RESHAPE", [0], [1], {"newShape": list(shapes[0])}),
        Operator("EXPAND_DIMS", [1, 5], [2]),
        Operator("SQUEEZE", [2], [3], {"squeezeDims": [2]}),
        Operator("RELU", [3], [4]),
    ]
    return one_operator.graph(tensors, operators, 0, 4), draw.inputs(source.shape)


def window(
    draw: Draw, target_c: int, source_c: int, weights: Tensor, name: str, options: dict[str, int]
) -> Case:
    """A dilated convolution, SAME or VALID. TFLite's CONV_2D insists on a bias."""
    dilation_h, dilation_w, same = draw.size(1, 3), draw.size(1, 3), draw.size(0, 1)
    kh, kw = weights.shape[1:3]
    h, w = (kh - 1) * dilation_h + draw.size(1, 5), (kw - 1) * dilation_w + draw.size(1, 5)
    if same:
        h, w = draw.size(1, h), draw.size(1, w)
    oh = h if same else h - (kh - 1) * dilation_h
    ow = w if same else w - (kw - 1) * dilation_w
    source = draw.tensor((1, h, w, source_c))
    target = draw.tensor((1, oh, ow, target_c), draw.scale(-1, 1))
    options |= {"strideH": 1, "strideW": 1, "padding": 1 - same, **draw.activation()}
    options |= {"dilationHFactor": dilation_h, "dilationWFactor": dilation_w}
    tensors = [source, weights]
    if name == "CONV_2D":
        kind = "float32" if draw.dtype == "float32" else "int32"
        scales = tuple(float(np.float32(source.scales[0] * x)) for x in weights.scales)
        offsets = draw.np.integers(-999, 1000, target_c)
        tensors.append(Tensor((target_c,), kind, scales, data=offsets))
    return model(name, tensors, target, options), draw.inputs(source.shape)


def filters(draw: Draw, shape: tuple[int, ...], axis: int) -> Tensor:
    if draw.dtype == "float32":
        return Tensor(shape, "float32", data=draw.np.normal(size=shape))
    if draw.dtype == "uint8":
        data = draw.np.integers(10, 250, shape)
        return Tensor(shape, "uint8", (draw.scale(),), (draw.size(123, 137),), data=data)
    scales = tuple(draw.scale() for _ in range(draw.rng.choice([1, shape[axis]])))
    return Tensor(shape, "int8", scales, (0,), axis, draw.np.integers(-127, 128, shape))


def conv_2d(draw: Draw) -> Case:
    ci, co = draw.size(1, 6), draw.size(1, 6)
    weights = filters(draw, (co, draw.size(1, 3), draw.size(1, 3), ci), 0)
    return window(draw, co, ci, weights, "CONV_2D", {})


def depthwise_conv_2d(draw: Draw) -> Case:
    ci, m = draw.size(1, 6), draw.size(1, 3)
    weights = filters(draw, (1, draw.size(1, 3), draw.size(1, 3), ci * m), 3)
    return window(draw, ci * m, ci, weights, "DEPTHWISE_CONV_2D", {"depthMultiplier": m})


def pool(name: str) -> Callable[[Draw], Case]:
    """Returns a strategy with an odd number of pixels, as old uint8 models have it."""

    def build(draw: Draw) -> Case:
        kh, kw = draw.rng.choice([1, 3, 5]), draw.rng.choice([1, 3])
        h, w, c = kh + draw.size(0, 4), kw + draw.size(0, 4), draw.size(1, 5)
        source = draw.tensor((1, h, w, c))
        target = draw.like(source, (1, h - kh + 1, w - kw + 1, c))
        options = {"strideH": 1, "strideW": 1, "padding": 1, **draw.activation()}
        options |= {"filterHeight": kh, "filterWidth": kw}
        return model(name, [source], target, options), draw.inputs(source.shape)

    build.__name__ = name.lower()
    return build


def fully_connected(draw: Draw) -> Case:
    ci, co = draw.size(1, 40), draw.size(1, 20)
    weights = filters(draw, (co, ci), 0)
    operator = model("FULLY_CONNECTED", [draw.tensor((1, ci)), weights], draw.tensor((1, co)))
    return operator, draw.inputs((1, ci))


def softmax(draw: Draw) -> Case:
    source, target = draw.tensor((1, 20)), draw.tensor((1, 20), 1 / 256)
    target.zero_points = (0,)
    return model("SOFTMAX", [source], target, {"beta": 1.0}), draw.inputs((1, 20))


OPERATORS: list[Callable[[Draw], Case]] = [
    *map(unary, ["LOGISTIC", "TANH", "RELU", "RELU6", "RELU_N1_TO_1", "HARD_SWISH"]),
    *map(binary, ["ADD", "SUB", "MUL"]),
    *map(reduction, ["MEAN", "REDUCE_MAX"]),
    *map(pad, ["PAD", "PADV2"]),
    residual,
    concatenation,
    reshaped,
    conv_2d,
    depthwise_conv_2d,
]
QUANTISED = [unary("QUANTIZE"), quantize, dequantize]
OLD = [*map(pool, ["AVERAGE_POOL_2D", "MAX_POOL_2D"]), fully_connected, softmax]
EVERY = [(f, t) for f in OPERATORS for t in ("int8", "float32", "uint8")]
EVERY += [(f, t) for f in QUANTISED for t in ("int8", "uint8")] + [(f, "uint8") for f in OLD]
