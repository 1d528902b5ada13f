"""Makes cases of layers with weights that the drawn ones of a strategy seldom are, for what `nox -s
mutants` finds that no drawn case notices. A strategy's module has them as FIXED: type -> cases.

fixed.layer("CONV_2D", "int8", (1, 9, 7, 3), (4, 3, 3, 3), (1, 9, 7, 4), fixed.window())
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from one_operator import Tensor
from properties import drawing
from properties.drawing import Array, DrawnCase

NONE, RELU, RELU6 = 0, 1, 3
SCALE = 0.05  # of inputs
SPREAD = {"int8": 60.0, "int16": 15000.0}  # of outputs, in their steps


def window(
    stride: tuple[int, int] = (1, 1), dilation: tuple[int, int] = (1, 1), same: bool = True
) -> dict[str, Any]:
    """The options of a window's strides, dilation and padding."""
    return {
        "strideH": stride[0],
        "strideW": stride[1],
        "padding": 0 if same else 1,
        "dilationHFactor": dilation[0],
        "dilationWFactor": dilation[1],
    }


def layer(
    operator: str,
    dtype: str,
    shape: tuple[int, ...],
    filters: tuple[int, ...],
    result: tuple[int, ...],
    options: dict[str, Any],
    *,
    activation: int = NONE,
    zero_points: tuple[int, int] = (-7, 11),
    bias: bool = True,
    several: bool = True,
    extreme: bool = False,
    spread: float = 0.0,
) -> DrawnCase:
    """A layer of random values whose outputs fill their type: `several` scales of the weights or
    one, zero points of the input and the output. With `extreme` ones all inputs are the least of
    int8 and all weights -127; `spread` is that of the outputs, in steps, if another."""
    data: Array
    offset: Array
    fed: Array
    rng = np.random.default_rng(math.prod(shape) + math.prod(filters))
    axis = 3 if operator == "DEPTHWISE_CONV_2D" else 0
    channels, taps = filters[axis], math.prod(filters) // filters[axis]
    options = options | {"fusedActivationFunction": activation}
    if dtype == "float32":
        data = rng.normal(size=filters).astype(np.float32)
        offset = rng.normal(size=channels).astype(np.float32)
        tensors = [Tensor(shape, dtype), Tensor(filters, dtype, data=data)]
        tensors += [Tensor((channels,), dtype, data=offset)] if bias else []
        fed = rng.normal(size=(drawing.PICTURES, *shape[1:])).astype(np.float32)
        return drawing.layer(operator, tensors, Tensor(result, dtype), options, fed, "fixed")
    limits = np.iinfo(dtype)
    fed = rng.integers(limits.min, limits.max, (drawing.PICTURES, *shape[1:]), dtype, True)
    data = rng.integers(-127, 128, filters)
    if extreme:
        fed, data = np.full_like(fed, limits.min), np.full(filters, -127)
    wide = dtype == "int16"
    source_zero, output_zero = (0, 0) if wide else zero_points
    usual = math.sqrt(taps) * 73 * float(limits.max) * 0.58
    if extreme:
        usual = taps * 127.0 * (source_zero - limits.min)
    scale = SCALE * 0.01 * usual / (spread or SPREAD[dtype])
    scales = [0.01 * (1 + 0.5 * (o % 4)) for o in range(channels if several else 1)]
    source = Tensor(shape, dtype, (SCALE,), (source_zero,))
    tensors = [source, Tensor(filters, "int8", _single(scales), (0,), axis, data)]
    if bias:
        offset = rng.integers(-int(usual) // 4, int(usual) // 4 + 1, channels)
        own = _single([SCALE * s for s in scales])
        tensors.append(Tensor((channels,), "int64" if wide else "int32", own, (0,), 0, offset))
    output = Tensor(result, dtype, _single([scale]), (output_zero,))
    what = f"{shape} by {filters}, fixed"
    return drawing.layer(operator, tensors, output, options, fed, what)


def _single(scales: list[float]) -> tuple[float, ...]:
    return tuple(float(np.float32(scale)) for scale in scales)
