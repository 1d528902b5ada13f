"""SVDF -> bl_svdf_*"""

from __future__ import annotations

from typing import Any

import numpy as np
from boardless.model.compiler import fixed_point, quantise
from boardless.model.compiler.kernels import Call, Constant, Context, by
from boardless.model.graph import Tensor

FEATURE, TIME, BIAS = 1, 2, 3  # the numbers of its constants among the inputs
# Of inputs, outputs and variable: of both kinds of weights, and of the bias.
TYPES = {
    ("int8", "int8", "int16"): ("int8", "int16", "int32"),
    ("float32", "float32", "float32"): ("float32", "float32", "float32"),
}
NARROW = ("int8", "int8", "int8")
HINT = "convert the model again with a variable of 16 bits, as TFLite's converter makes it"


def lower(context: Context) -> Call:
    found = tuple(t.dtype for t in (context.input(), *context.outputs()))
    if found == NARROW:
        what = "its variable is int8; TFLite reads it as int16, and beyond its end"
        raise context.refuse(what, hint=HINT)
    if found not in TYPES:
        raise context.refuse(f"its input, output and variable are {', '.join(found)}")
    filters, inputs, memory, rank = _sizes(context)
    kinds = TYPES[found]
    feature = _constant(context, FEATURE, (filters, inputs), kinds[0])
    time = _constant(context, TIME, (filters, memory), kinds[1])
    has_bias = context.optional(BIAS)
    bias = _constant(context, BIAS, (filters // rank,), kinds[2]) if has_bias else None
    params: dict[str, Any] = {"inputs": inputs, "filters": filters, "memory": memory, "rank": rank}
    constants = [Constant("feature", feature.data), Constant("time", time.data)]
    if found[0] == "int8":
        params |= _quantised(context, feature, time, bias)
        zero_point = quantise.of(context.input()).zero_point
        assert feature.data is not None
        folded = fixed_point.folded_bias(feature.data, None, zero_point)
        constants.insert(1, Constant("feature_bias", folded))
    else:
        params |= _bounds(context)
    constants.append(Constant("bias", None if bias is None else bias.data))
    return Call(
        function=f"bl_svdf_{'s8' if found[0] == 'int8' else 'f32'}_ref",
        params_type=f"bl_svdf_{'s8' if found[0] == 'int8' else 'f32'}",
        params=params,
        header="svdf/svdf.h",
        constants=tuple(constants),
        macs=filters * (inputs + memory),
    )


def output_shapes(context: Context) -> list[tuple[int, ...]]:
    filters, _, memory, rank = _sizes(context)
    return [(1, filters // rank), (1, filters * memory)]


def _sizes(context: Context) -> tuple[int, int, int, int]:
    """Filters, inputs, numbers that a filter remembers, filters of an output."""
    (filters, inputs), rank = context.constant(FEATURE, "weights").shape, context.op.options["rank"]
    if rank < 1 or filters % rank:
        raise context.refuse(f"{filters} filters of rank {rank}")
    if context.input().shape != (1, inputs):
        shape = by(context.input().shape)
        raise context.refuse(f"its input is {shape}, its weights are for 1x{inputs}")
    return filters, inputs, context.constant(TIME, "weights of time").shape[1], rank


def _constant(context: Context, number: int, shape: tuple[int, ...], dtype: str) -> Tensor:
    tensor = context.constant(number, "weight")
    if (tensor.shape, tensor.dtype) != (shape, dtype):
        what = f"input {number} is {tensor.type_and_shape}"
        raise context.refuse(f"{what}, not {dtype} {by(shape)}")
    return tensor


def _bounds(context: Context) -> dict[str, float]:
    name = context.op.options["fused_activation_function"]
    bounds = quantise.activation_bounds(name, context.outputs()[0])
    if bounds is None:
        raise context.refuse(f"fused activation {name} is not supported")
    return {"activation_min": bounds[0], "activation_max": bounds[1]}


def _quantised(
    context: Context, feature: Tensor, time: Tensor, bias: Tensor | None
) -> dict[str, int]:
    """The parameters that follow from scales, in single precision as TFLite computes them."""
    if context.op.options["fused_activation_function"] != "RELU":
        raise context.refuse("in int8 its activation must be RELU, as TFLite demands")
    output, history = context.outputs()
    tensors = context.input(), feature, time, history, output
    scales = [np.float32(quantise.of(t).scale) for t in tensors]
    for tensor in (feature, time, history):
        if any(quantise.of(tensor).zero_points) or len(quantise.of(tensor).scales) > 1:
            raise context.refuse("weights or variable have a zero point, or more than one scale")
    source, weight, age, stored, target = scales
    first = quantise.multiplier_and_shift(float(source * weight / stored))
    second = quantise.multiplier_and_shift(float(stored * age / target))
    q = quantise.of(context.input())
    assert feature.data is not None
    most = np.abs(feature.data.astype(np.int64)).sum(axis=1)
    most *= max(127 - q.zero_point, 128 + q.zero_point)
    context.scaled_up(-most, most, first[1])
    assert time.data is not None
    rank = context.op.options["rank"]
    sums = np.abs(time.data.astype(np.int64)).sum(axis=1).reshape(-1, rank).sum(axis=1) << 15
    if bias is not None and bias.data is not None:
        sums += np.abs(bias.data.astype(np.int64))
    context.scaled_up(-sums, sums, second[1])
    return {
        "feature_multiplier": first[0],
        "feature_shift": first[1],
        "output_multiplier": second[0],
        "output_shift": second[1],
        "output_zero_point": quantise.of(output).zero_point,
    }
