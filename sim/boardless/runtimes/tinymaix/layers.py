"""Packs each operator for TinyMaix's file, or says why it is refused.

packers()["SOFTMAX"](packer, place, operator)
"""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np

from boardless.model import traits
from boardless.model.compiler.context import place_window
from boardless.model.graph import Operator
from boardless.model.traits import LayerKind
from boardless.runtimes.tinymaix.parts import (
    CONVOLUTION,
    DENSE,
    DEPTHWISE,
    LAYER_HEAD,
    MEAN,
    SCALING_BYTES,
    SOFTMAX,
    SUM,
    Packer,
    Padded,
    Part,
    RefusedError,
)

WINDOW = struct.Struct("<6BH4BI4x")
STEP = 0xFF  # what the field of a step holds


def _convolution(packer: Packer, place: int, op: Operator) -> None:
    weights, options = packer.weights(op), op.options
    _, filter_h, filter_w, _ = weights.shape
    _, input_h, input_w, input_c = packer.tensor(op.inputs[0]).shape
    output_c = packer.tensor(op.outputs[0]).shape[-1]
    depthwise = traits.of(op.name).layer is LayerKind.DEPTHWISE
    multiplier = output_c // input_c if depthwise else 0
    if not depthwise and weights.shape[3] != input_c:
        raise RefusedError("its convolutions have no groups")
    number = packer.same.get(op.inputs[0], op.inputs[0])
    padded = packer.padded.get(
        number, Padded(number, (1, input_h, input_w, input_c), np.zeros((4, 2), int))
    )
    around = padded.around
    dilation = options.get("dilation_h_factor", 1), options.get("dilation_w_factor", 1)
    if dilation != (1, 1):
        raise RefusedError("it has no dilated windows")
    stride_h, stride_w = options["stride_h"], options["stride_w"]
    pads = []
    axes = ((input_h, filter_h, stride_h, "h"), (input_w, filter_w, stride_w, "w"))
    for axis, (size, taps, stride, name) in enumerate(axes, 1):
        before, outputs = place_window(options, f"pad_{name}", size, taps, stride, 1)
        behind = max(0, (outputs - 1) * stride + taps - size - before)
        pads += [before + int(around[axis][0]), behind + int(around[axis][1])]
    if filter_h * filter_w == 1 and (any(pads) or depthwise):
        raise RefusedError("a window of one value has neither padding nor channels of its own")
    steps = (filter_w, filter_h, stride_w, stride_h, *pads)
    if max(steps) > STEP:
        raise RefusedError(f"a window, stride or padding is above {STEP}")
    rows = weights.transpose(3, 1, 2, 0) if depthwise else weights.transpose(0, 3, 1, 2)
    rows = np.ascontiguousarray(rows).reshape(output_c, -1)
    window = WINDOW.pack(*steps[:4], 1, 1, packer.activation(op), *pads, multiplier)
    body = window + packer.constants(
        op, LAYER_HEAD.size + SCALING_BYTES + len(window), rows, output_c
    )
    kind = DEPTHWISE if depthwise else CONVOLUTION
    packer.parts.append(Part(place, kind, padded.source, op.outputs[0], padded.shape, body))
    packer.channels = max(packer.channels, output_c)
    if filter_h * filter_w > 1:
        packer.taps = max(packer.taps, filter_h * filter_w)
        packer.values = max(packer.values, rows.size if depthwise else rows.shape[1])


def _dense(packer: Packer, place: int, op: Operator) -> None:
    packer.no_activation(op)
    weights, source = packer.weights(op), packer.tensor(op.inputs[0])
    if source.count != weights.shape[1]:
        raise RefusedError("its dense layers have one row of inputs")
    body = packer.constants(op, LAYER_HEAD.size + SCALING_BYTES, weights, 1)
    packer.add(place, op, DENSE, (1, source.count), body)


def _mean(packer: Packer, place: int, op: Operator) -> None:
    axes, shape = packer.data(op, 1), packer.tensor(op.inputs[0]).shape
    if len(shape) != 4 or axes is None or sorted(int(a) % 4 for a in axes.flat) != [1, 2]:
        raise RefusedError("it takes means of whole maps only")
    packer.add(place, op, MEAN, shape, b"")


def _softmax(packer: Packer, place: int, op: Operator) -> None:
    source = packer.tensor(op.inputs[0])
    if op.options.get("beta", 1.0) != 1.0 or source.count != source.shape[-1]:
        raise RefusedError("it takes one row of values, with a beta of 1")
    packer.add(place, op, SOFTMAX, (1, source.count), b"")


def _sum(packer: Packer, place: int, op: Operator) -> None:
    packer.no_activation(op)
    first, second = (packer.same.get(i, i) for i in op.inputs)
    shapes = {packer.tensor(i).shape for i in (*op.inputs, *op.outputs)}
    if len(shapes) > 1 or packer.tensor(second).data is not None:
        raise RefusedError("it takes sums of two maps of the same shape only")
    if {first, second} & {packer.graph.input, *packer.padded}:
        raise RefusedError("it takes no sum with the model's input or with padding")
    packer.add(place, op, SUM, packer.tensor(op.inputs[0]).shape, b"")
    packer.parts[-1].other = second


def _shape(packer: Packer, place: int, op: Operator) -> None:
    packer.same[op.outputs[0]] = packer.source(op)


def _padding(packer: Packer, place: int, op: Operator) -> None:
    around = packer.data(op, 1)
    if around is None or around.shape != (4, 2) or around[[0, 3]].any() or len(op.inputs) > 2:
        raise RefusedError("it pads maps with zeros only")
    shape = packer.tensor(op.inputs[0]).shape
    packer.padded[op.outputs[0]] = Padded(packer.source(op), shape, around)


def packers() -> dict[str, Callable[[Packer, int, Operator], None]]:
    """Returns what packs an operator, by its name."""
    by_kind = {
        LayerKind.CONVOLUTION: _convolution,
        LayerKind.DEPTHWISE: _convolution,
        LayerKind.DENSE: _dense,
        LayerKind.GLOBAL_MEAN: _mean,
        LayerKind.SOFTMAX: _softmax,
        LayerKind.SUM: _sum,
        LayerKind.FLATTEN: _shape,
        LayerKind.PADDING: _padding,
    }
    return {traits.operator(kind): pack for kind, pack in by_kind.items()}
