"""1. Range: between which values can each channel lie?

step, result = step_of(Context(graph, op), ranges)
"""

from __future__ import annotations

import math

import numpy as np

from boardless.model import traits
from boardless.model.compiler import fixed_point, kernels, quantise
from boardless.model.compiler.fold.links import links_of
from boardless.model.compiler.fold.records import (
    Array,
    Dense,
    Flags,
    Range,
    Step,
    count,
    zero_point_of,
)
from boardless.model.compiler.kernels import USUAL, Context
from boardless.model.graph import Tensor
from boardless.model.traits import Channels, Form, Rounding


def full_range(tensor: Tensor) -> Range:
    low, high = (-128, 127) if tensor.dtype == "int8" else (-math.inf, math.inf)
    dtype = np.int64 if tensor.dtype == "int8" else np.float64
    return Range(np.full(count(tensor), low, dtype), np.full(count(tensor), high, dtype))


def step_of(context: Context, ranges: dict[int, Range]) -> tuple[Step, Range]:
    """One operator and the range of its output."""
    op, output = context.op, context.output()
    known = traits.of(op.name)
    if output.dtype not in USUAL:  # nothing is known of their ranges
        return Step(op), full_range(output)
    if known.channels is Channels.EVERY:
        return _dense(context, ranges[op.inputs[0]])
    links = tuple(links_of(context))
    if known.weighted:
        free = context.input().shape[3] == 1
        step = Step(op, () if free else links, free=free)
        return step, _depthwise_range(context, ranges[op.inputs[0]], links[0][1])
    if known.sums and links and output.dtype == "int8":
        return Step(op, links), _sum_range(context, ranges[op.inputs[0]])
    result = full_range(output)
    same = all(
        (t.dtype, t.quantisation) == (output.dtype, output.quantisation)
        for t in (context.graph.tensors[i] for i, _ in links)
    )
    if same and known.keeps_range:
        for tensor, index in links:
            source, mine = ranges[tensor].take(np.maximum(index, 0)), index >= 0
            result = Range(
                np.where(mine, source.low, result.low), np.where(mine, source.high, result.high)
            )
    if known.pads_zero:
        result = result.widened_to(zero_point_of(output))
    if known.clamp or "fused_activation_function" in op.options:
        result = result.clip(bounds_of(context))
    return Step(op, links), result


def bounds_of(context: Context) -> tuple[float, float]:
    """Returns the bounds of the activation, fused or an operator of its own, in the output's
    type."""
    name = context.op.options.get("fused_activation_function", "NONE")
    name = context.op.name if traits.of(context.op.name).clamp else name
    bounds = quantise.activation_bounds(name, context.output())
    if bounds is None or bounds[0] > bounds[1]:
        raise context.refuse(f"activation {name}")
    return bounds


def _sum_range(context: Context, source: Range) -> Range:
    """Uses the multiplier that the kernel gets, which is not simply a ratio of scales."""
    call = kernels.lower(context)
    if not isinstance(call, kernels.Call) or "multiplier" not in call.params:
        return full_range(context.output())
    p, total = call.params, source.less(call.params["input_zero_point"])
    return _requantised(
        Range(total.low * p["reduced"], total.high * p["reduced"]),
        np.array(p["multiplier"]),
        np.array(p["shift"]),
        context,
    )


def _requantised(total: Range, multiplier: Array, shift: Array, context: Context) -> Range:
    """Returns the range of outputs for accumulators in `total`; scaling is monotonic unless it
    overflows."""
    bounds = bounds_of(context)
    once = context.rounding is Rounding.ONCE
    scale = fixed_point.requantise_once if once else fixed_point.requantise
    left = np.zeros_like(shift) if once else np.maximum(shift, 0)
    safe = fixed_point.fits(total.low) & fixed_point.fits(total.high)
    low, high = np.where(safe, total.low, 0), np.where(safe, total.high, 0)
    safe &= fixed_point.fits(low << left) & fixed_point.fits(high << left)
    zero_point = zero_point_of(context.output())
    ends = [scale(np.where(safe, q, 0), multiplier, shift) + zero_point for q in (low, high)]
    safe &= fixed_point.fits(ends[0]) & fixed_point.fits(ends[1])
    clipped = Range(*ends).clip(bounds)
    return Range(np.where(safe, clipped.low, bounds[0]), np.where(safe, clipped.high, bounds[1]))


def _window_taps(context: Context, filter_h: int, filter_w: int) -> tuple[Flags, Flags]:
    """(inside, mixed) per tap in HW order: some output pixel finds the tap on the map; and some
    other finds it in the padding."""
    w = context.window(filter_h, filter_w)
    inside, outside = [], []
    for axis, before in (("h", "pad_top"), ("w", "pad_left")):
        stride, size, output = (w[f"{k}_{axis}"] for k in ("stride", "input", "output"))
        first = np.arange(w[f"filter_{axis}"]) * w[f"dilation_{axis}"] - w[before]
        entry = np.maximum(-(first // stride), 0)  # the first output that is not left of the map
        inside.append((entry < output) & (entry * stride + first < size))
        outside.append((first < 0) | (first + (output - 1) * stride >= size))
    on_map = inside[0][:, None] & inside[1][None, :]
    off_map = outside[0][:, None] | outside[1][None, :]
    return on_map.reshape(-1), (on_map & off_map).reshape(-1)


def _dense(context: Context, source: Range) -> tuple[Step, Range]:
    inputs, outputs = count(context.input()), count(context.output())
    if traits.of(context.op.name).form is Form.WINDOW:
        shape = (outputs, *context.constant(1, "filter").shape[1:3], inputs)
        filter_tensor = context.filter(shape)
        inside, mixed = _window_taps(context, *shape[1:3])
    else:
        filter_tensor = context.constant(1, "filter")
        taps = filter_tensor.shape[-1]  # of one row of the input
        if filter_tensor.shape != (outputs, taps) or taps % inputs:
            raise context.refuse("a row is no whole number of pixels")
        inside = np.ones(taps // inputs, np.bool_)
        mixed = np.zeros_like(inside)
    assert filter_tensor.data is not None
    # a tap that never meets the map is as good as not there
    weights = filter_tensor.data.reshape(outputs, len(inside), inputs)[:, inside]
    mixed = mixed[inside]
    bias = _bias(context, outputs)
    at = source.less(zero_point_of(context.input()))
    neutral = at.constant & (at.low == 0)
    if context.suffix() == "f32":
        result = _range_f32(context, bias, (weights[..., ~neutral] != 0).any(axis=(1, 2)))
        constant, value = neutral, np.zeros(inputs)
    else:
        near = Range(at.low[None, :], at.high[None, :]).widened_to(0, mixed[:, None])
        total = [_total(w, near) for w in weights]
        low, high = (bias + np.array([t[k] for t in total]) for k in (0, 1))
        multiplier, shift = _scaling(context, filter_tensor, outputs)
        result = _requantised(Range(low, high), multiplier, shift, context)
        constant, value = at.constant, np.where(at.constant, at.low, 0)
    dense = Dense(
        bias=bias,
        reads=(weights != 0).any(axis=1),
        mixed=(weights[:, mixed] != 0).any(axis=1),
        constant=constant,
        neutral=neutral,
        share=weights.sum(axis=1, dtype=bias.dtype) * value,
        reach=np.abs(weights.astype(np.int32)).sum(axis=1) * 255.0,
    )
    return Step(context.op, dense=dense), result


def _depthwise_range(context: Context, source: Range, own: Array) -> Range:
    """`own`: the input channel of each output."""
    outputs = len(own)
    filter_h, filter_w = context.constant(1, "filter").shape[1:3]
    filter_tensor = context.filter((1, filter_h, filter_w, outputs))
    assert filter_tensor.data is not None
    inside, mixed = _window_taps(context, filter_h, filter_w)
    weights = filter_tensor.data.reshape(filter_h * filter_w, outputs)[inside]
    bias = _bias(context, outputs)
    at = source.take(own).less(zero_point_of(context.input()))
    if context.suffix() == "f32":
        neutral = at.constant & (at.low == 0)
        return _range_f32(context, bias, (weights != 0).any(axis=0) & ~neutral)
    near = Range(at.low[None, :], at.high[None, :]).widened_to(0, mixed[inside][:, None])
    low, high = _total(weights, near, axis=0)
    multiplier, shift = _scaling(context, filter_tensor, outputs)
    return _requantised(Range(bias + low, bias + high), multiplier, shift, context)


def _total(weights: Array, at: Range, axis: int | None = None) -> tuple[Array, Array]:
    """(least, greatest) sum of weight x value."""
    positive, negative = np.maximum(weights, 0), np.minimum(weights, 0)
    low = (positive * at.low + negative * at.high).sum(axis=axis)
    high = (positive * at.high + negative * at.low).sum(axis=axis)
    return low, high


def _range_f32(context: Context, bias: Array, live: Flags) -> Range:
    """0 where nothing comes in and the activation makes 0 of the bias; else anything."""
    bounds = bounds_of(context)
    zero = ~live & (np.clip(bias, *bounds) == 0)
    full = full_range(context.output()).clip(bounds)
    return Range(np.where(zero, 0.0, full.low), np.where(zero, 0.0, full.high))


def _bias(context: Context, outputs: int) -> Array:
    data = context.bias(2, outputs).data
    dtype = np.int64 if context.suffix() == "s8" else np.float32
    return np.zeros(outputs, dtype) if data is None else data.astype(dtype)


def _scaling(context: Context, filter_tensor: Tensor, outputs: int) -> tuple[Array, Array]:
    multiplier, shift = (c.data for c in context.requantisation(filter_tensor, outputs))
    assert multiplier is not None
    assert shift is not None
    return multiplier.astype(np.int64), shift.astype(np.int64)
