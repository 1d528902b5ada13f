"""A float network without branches as a list of layers, for formats that name each layer.

layers = chain(model)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boardless.core.errors import BadInput
from boardless.model import traits
from boardless.model.graph import Graph, Operator
from boardless.model.traits import Form
from boardless.model.zoo import Model

Weights = NDArray[np.float32]


@dataclass(frozen=True)
class ChainLayer:
    """One step; padding is part of the convolution behind it."""

    kind: str  # conv, depthwise, dense, max (global), mean (global), softmax
    input: tuple[int, ...]  # H, W, C, or (features,)
    output: tuple[int, ...]
    kernel: int = 1
    stride: int = 1
    pad: int = 0  # pixels of zeros before the first row and column
    end: int = 0  # and behind the last ones
    activation: str = "NONE"  # TFLite's name
    weight: Weights | None = None  # conv (O, K, K, I), depthwise (K, K, C), dense (O, I)
    bias: Weights | None = None  # (O,), None where all are zero


WINDOWS = (traits.LayerKind.CONVOLUTION, traits.LayerKind.DEPTHWISE)
POSITIVE, POSITIVE_TO_6 = (0.0, math.inf), (0.0, 6.0)
ACTIVATIONS = (traits.bounds("NONE"), POSITIVE, POSITIVE_TO_6)  # real values that are let through
GLOBAL = {
    traits.LayerKind.GLOBAL_MAX: "max",
    traits.LayerKind.GLOBAL_MEAN: "mean",
    traits.LayerKind.MAX_POOL: "max",
    traits.LayerKind.AVERAGE_POOL: "mean",
}


def chain(model: Model) -> list[ChainLayer]:
    """Layers in their order; BadInput where the model is not float32 or has another structure."""
    graph = model.graph
    if graph.input_tensor.dtype != "float32":
        hint = f"{model.name.split(':')[0]}:float32" if model.results else "give the float32 file"
        raise BadInput(f"{model.name} is {graph.input_tensor.dtype}, not float32", hint=hint)
    layers: list[ChainLayer] = []
    at, pad = graph.input, (0, 0)
    for op in graph.operators:
        if op.inputs[0] != at:
            raise _refused(model, op, "not a chain of layers")
        known = traits.of(op.name)
        if pad != (0, 0) and known.layer not in WINDOWS:
            raise _refused(model, op, "padding that no convolution reads")
        if traits.bounds(_activation(op)) not in ACTIVATIONS or op.options.get("beta", 1) != 1:
            raise _refused(model, op, "an activation that this format does not have")
        source, target = (graph.tensors[t].shape[1:] for t in (at, op.outputs[0]))
        rowwise = known.layer in (traits.LayerKind.DENSE, traits.LayerKind.SOFTMAX)
        if rowwise and graph.tensors[op.outputs[0]].count != graph.tensors[op.outputs[0]].shape[-1]:
            raise _refused(model, op, "more than one row")
        if known.pads_zero:
            pad = _padding(model, op)
        elif known.form is not Form.SHAPE:
            if known.layer in WINDOWS:
                layers.append(_window(model, op, source, target, pad))
            elif known.layer is traits.LayerKind.DENSE:
                weight, bias = _weights(graph, op)
                activation = _activation(op)
                size = (weight.shape[1],)
                layers.append(
                    ChainLayer("dense", size, target, 1, 1, 0, 0, activation, weight, bias)
                )
            elif known.layer in GLOBAL and len(source) == 3 and math.prod(target) == source[2]:
                layers.append(ChainLayer(GLOBAL[known.layer], source, source[2:]))
            elif known.layer is traits.LayerKind.SOFTMAX:
                layers.append(ChainLayer("softmax", target, target))
            else:
                raise _refused(model, op, "a layer that this format does not have")
            pad = (0, 0)
        at = op.outputs[0]
    return layers


def _window(
    model: Model,
    op: Operator,
    source: tuple[int, ...],
    target: tuple[int, ...],
    pad: tuple[int, int],
) -> ChainLayer:
    weight, bias = _weights(model.graph, op)
    depthwise = traits.of(op.name).layer is traits.LayerKind.DEPTHWISE
    kernel, stride = weight.shape[1], op.options["stride_h"]
    before = pad
    height = source[0] - sum(pad)
    if op.options["padding"] == "SAME":
        if pad != (0, 0):
            raise _refused(model, op, "padded twice")
        needed = max((target[0] - 1) * stride + kernel - source[0], 0)
        before = (needed // 2, needed - needed // 2)
    square = source[0] == source[1] and stride == op.options["stride_w"]
    if (
        not square
        or weight.shape[1] != weight.shape[2]
        or op.options.get("dilation_h_factor", 1) > 1
    ):
        raise _refused(model, op, "not square, or dilated")
    if weight.shape[3] != source[2]:
        raise _refused(model, op, "a depth multiplier" if depthwise else "groups of channels")
    return ChainLayer(
        "depthwise" if depthwise else "conv",
        (height, height, source[2]),
        target,
        kernel,
        stride,
        *before,
        _activation(op),
        weight[0] if depthwise else weight,
        bias,
    )


def _weights(graph: Graph, op: Operator) -> tuple[Weights, Weights | None]:
    weight, bias = (None if t < 0 else graph.tensors[t].data for t in (*op.inputs[1:], -1)[:2])
    assert weight is not None
    return weight, None if bias is None or not bias.any() else bias


def _activation(op: Operator) -> str:
    return str(op.options.get("fused_activation_function", "NONE"))


def _padding(model: Model, op: Operator) -> tuple[int, int]:
    amounts: Any = model.graph.tensors[op.inputs[1]].data
    (_, rows, columns, _) = np.asarray(amounts).tolist()
    if rows != columns:
        raise _refused(model, op, "padding differs between rows and columns")
    return rows[0], rows[1]


def _refused(model: Model, op: Operator, why: str) -> BadInput:
    return BadInput(
        f"{why}: {op.name}", where=f"{model.name}, operator {op.index}", hint="export it as c_array"
    )
