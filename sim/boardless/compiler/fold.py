"""Takes channels out of the graph that carry no information: Graph in, Graph out, same results.

graph = fold.channels(graph)

1. Range: between which values can each channel lie? A filter of zeros leaves a single value, and so
   does one whose outputs are all clamped: the channel is constant.
2. Need: which channels must exist? A convolution that reads a constant channel can do with the
   constant in its bias instead, and a channel that meets only zero weights is not read at all. What
   depthwise layers, pools, additions and reshapes read and write comes and goes together.
3. Cut: filters, biases, scales and tensors lose the channels that nobody needs.

int8 results stay the same to the last bit. In float32 only terms that are exactly zero are taken
out, which gives the reference kernels the same bits, too, as long as every activation is finite.

Two traps. Padding contributes real 0, so a constant other than the zero point contributes less at
the border: such a channel stays. And a bias that would leave int32 takes nothing in.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.compiler import fixed_point, kernels, quantise
from boardless.compiler.kernels import Context
from boardless.errors import BadInput
from boardless.graph import Graph, Operator, Quantisation, Tensor

Array = npt.NDArray[Any]
Flags = npt.NDArray[np.bool_]

# Of all tensors together, and of one filter: more is no microcontroller's model.
MAX_CHANNELS, MAX_WEIGHTS = 1 << 20, 1 << 23
DENSE = ("CONV_2D", "FULLY_CONNECTED")  # every output may read every channel
POOLS = ("MAX_POOL_2D", "AVERAGE_POOL_2D")
CLAMPS = ("RELU", "RELU6", "RELU_N1_TO_1")
TABLES = ("LOGISTIC", "TANH", "HARD_SWISH")  # one value in, another value out
REDUCERS = ("MEAN", "REDUCE_MAX")
BINARY = ("ADD", "SUB", "MUL")
RESHAPES = ("RESHAPE", "SQUEEZE", "EXPAND_DIMS")


def macs(graph: Graph) -> int:
    """Multiply-accumulates of the convolutions and fully connected layers, padding included."""
    total = 0
    for op in graph.operators:
        if op.name in (*DENSE, "DEPTHWISE_CONV_2D") and len(op.inputs) > 1 and op.outputs:
            shape = graph.tensors[op.outputs[0]].shape
            pixels = 1 if op.name == "FULLY_CONNECTED" else math.prod(shape[:-1])
            total += graph.tensors[op.inputs[1]].count * pixels
    return total


def channels(graph: Graph) -> Graph:
    """`graph` without the channels that carry no information; itself where there are none.

    What is wrong with an operator is not said here: it is left as it is, and lower() refuses it.
    """
    with np.errstate(all="ignore"):  # a damaged model's weights may be NaN or infinite
        while (smaller := _fold(graph)) is not graph:
            graph = smaller  # once more: a depthwise layer may have become free of its links
    return graph


def _fold(graph: Graph) -> Graph:
    activations = {i for op in graph.operators for i in (*op.inputs, *op.outputs) if i >= 0}
    activations = {i for i in activations | {graph.input} if graph.tensors[i].data is None}
    if (
        sum(_count(graph.tensors[t]) for t in activations) > MAX_CHANNELS
        or max((t.count for t in graph.tensors if t.data is not None), default=0) > MAX_WEIGHTS
    ):
        return graph
    ranges = {t: _full(graph.tensors[t]) for t in activations}
    steps = []
    for op in graph.operators:
        try:
            step, result = _step(Context(graph, op), ranges)
        except (BadInput, LookupError, ValueError):  # such as shapes of another rank
            steps.append(_Step(op))
            continue
        steps.append(step)
        ranges[op.outputs[0]] = result
    needed = _needed(graph, steps, activations)
    if all(flags.all() for flags in needed.values()):
        return graph
    return _cut(graph, steps, needed)


def _count(tensor: Tensor) -> int:
    """Channels: the length of the last axis."""
    return tensor.shape[-1] if tensor.shape else 1


def _zero_point(tensor: Tensor) -> int:
    return quantise.of(tensor).zero_point if tensor.dtype == "int8" else 0


# ---- 1. range ----


@dataclass(frozen=True)
class Range:
    """low[c] <= value of channel c <= high[c], as the tensor stores it."""

    low: Array
    high: Array

    @property
    def constant(self) -> Flags:
        flags: Flags = self.low == self.high
        return flags

    def clip(self, bounds: tuple[float, float]) -> Range:
        return Range(np.clip(self.low, *bounds), np.clip(self.high, *bounds))

    def take(self, index: Array) -> Range:
        return Range(self.low[index], self.high[index])

    def less(self, zero_point: int) -> Range:
        return Range(self.low - zero_point, self.high - zero_point)

    def widened_to(self, value: int, where: Flags | bool = True) -> Range:
        low, high = np.minimum(self.low, value), np.maximum(self.high, value)
        return Range(np.where(where, low, self.low), np.where(where, high, self.high))


@dataclass(frozen=True)
class _Dense:
    """What a convolution or fully connected layer reads, and what it makes of constants."""

    bias: Array  # (outputs,)
    reads: Flags  # (outputs, channels): through a weight other than 0 that meets the map
    mixed: Flags  # (outputs, channels): and at other pixels meets the padding
    constant: Flags  # (channels,)
    neutral: Flags  # (channels,): constant at the zero point, where padding looks the same
    share: Array  # (outputs, channels): what a constant channel adds to the accumulator
    reach: Array  # (outputs, channels): how far a channel can move the accumulator at most


@dataclass(frozen=True)
class _Step:
    """An operator as need and cut see it; with neither links nor `dense` it needs everything.

    A link (tensor, index) says: output channel o exists if and only if channel index[o] of that
    input does; index -1: another input's business.
    """

    op: Operator
    links: tuple[tuple[int, Array], ...] = ()
    dense: _Dense | None = None
    free: bool = False  # a depthwise layer of one channel makes any number of outputs of it


def _full(tensor: Tensor) -> Range:
    low, high = (-128, 127) if tensor.dtype == "int8" else (-math.inf, math.inf)
    dtype = np.int64 if tensor.dtype == "int8" else np.float64
    return Range(np.full(_count(tensor), low, dtype), np.full(_count(tensor), high, dtype))


def _step(context: Context, ranges: dict[int, Range]) -> tuple[_Step, Range]:
    """One operator and the range of its output."""
    op, output = context.op, context.output()
    if op.name in DENSE:
        return _dense(context, ranges[op.inputs[0]])
    links = tuple(_links(context))
    if op.name == "DEPTHWISE_CONV_2D":
        free = context.input().shape[3] == 1
        step = _Step(op, () if free else links, free=free)
        return step, _depthwise_range(context, ranges[op.inputs[0]], links[0][1])
    if op.name == "MEAN" and links and output.dtype == "int8":
        return _Step(op, links), _mean_range(context, ranges[op.inputs[0]])
    result = _full(output)
    same = all(
        (t.dtype, t.quantisation) == (output.dtype, output.quantisation)
        for t in (context.graph.tensors[i] for i, _ in links)
    )
    if same and op.name not in (*BINARY, *TABLES, "PADV2"):
        for tensor, index in links:
            source, mine = ranges[tensor].take(np.maximum(index, 0)), index >= 0
            result = Range(
                np.where(mine, source.low, result.low), np.where(mine, source.high, result.high)
            )
    if op.name == "PAD":
        result = result.widened_to(_zero_point(output))
    if op.name in CLAMPS or "fused_activation_function" in op.options:
        result = result.clip(_bounds(context))
    return _Step(op, links), result


def _bounds(context: Context) -> tuple[float, float]:
    """Of the activation, fused or an operator of its own, in the output's type."""
    name = context.op.options.get("fused_activation_function", "NONE")
    name = context.op.name if context.op.name in CLAMPS else name
    bounds = quantise.activation_bounds(name, context.output())
    if bounds is None or bounds[0] > bounds[1]:
        raise context.refuse(f"activation {name}")
    return bounds


def _links(context: Context) -> list[tuple[int, Array]]:
    """The links of a _Step, none where the operator is not known to work channel by channel."""
    op, output = context.op, context.output()
    outputs = _count(output)
    known = (*POOLS, *CLAMPS, *TABLES, "QUANTIZE", "DEQUANTIZE")
    first = context.input()
    inputs = _count(first)
    if op.name == "CONCATENATION":
        return _concatenation_links(context)
    if op.name in BINARY:
        tensors = [i for i in op.inputs if i >= 0 and context.graph.tensors[i].data is None]
        counts = [_count(context.graph.tensors[i]) for i in tensors]
        full = np.arange(outputs)
        return [(i, full) for i in tensors] if counts == [outputs] * len(counts) else []
    if first.data is not None:
        return []
    if op.name == "DEPTHWISE_CONV_2D":
        if outputs % inputs:
            raise context.refuse("channels")
        return [(op.inputs[0], np.arange(outputs) // (outputs // inputs))]
    if op.name in RESHAPES and first.count == output.count:
        if inputs == outputs or output.count == outputs:
            return [(op.inputs[0], np.arange(outputs) % inputs)]
        return []
    if op.name in ("PAD", "PADV2"):
        paddings = context.constant(1, "list of paddings").data
        if paddings is None or paddings.shape != (len(first.shape), 2) or paddings[-1].any():
            return []
    elif op.name in REDUCERS:
        axes = context.constant(1, "list of axes").data
        rank = len(first.shape)
        if axes is None or any(int(a) % rank == rank - 1 for a in axes.reshape(-1)):
            return []
    elif op.name not in known:
        return []
    return [(op.inputs[0], np.arange(outputs))] if inputs == outputs else []


def _concatenation_links(context: Context) -> list[tuple[int, Array]]:
    op, output = context.op, context.output()
    tensors = [context.graph.tensors[i] for i in op.inputs if i >= 0]
    rank = len(output.shape)
    if op.options["axis"] not in (-1, rank - 1) or any(t.data is not None for t in tensors):
        return []
    if any(len(t.shape) != rank for t in tensors) or sum(map(_count, tensors)) != _count(output):
        return []
    links, begin = [], 0
    for i, tensor in zip(op.inputs, tensors, strict=True):
        index = np.full(_count(output), -1)
        index[begin : begin + _count(tensor)] = np.arange(_count(tensor))
        begin += _count(tensor)
        links.append((i, index))
    return links


def _mean_range(context: Context, source: Range) -> Range:
    """With the multiplier that the kernel gets, which is not simply a ratio of scales."""
    call = kernels.lower(context)
    if not isinstance(call, kernels.Call) or "multiplier" not in call.params:
        return _full(context.output())
    p, total = call.params, source.less(call.params["input_zero_point"])
    return _requantised(
        Range(total.low * p["reduced"], total.high * p["reduced"]),
        np.array(p["multiplier"]),
        np.array(p["shift"]),
        context,
    )


def _requantised(total: Range, multiplier: Array, shift: Array, context: Context) -> Range:
    """What a kernel makes of accumulators in `total`; scaling is monotonous unless it overflows."""
    bounds = _bounds(context)
    once = context.op.name == "FULLY_CONNECTED"
    scale = fixed_point.requantise_once if once else fixed_point.requantise
    left = np.zeros_like(shift) if once else np.maximum(shift, 0)
    safe = fixed_point.fits(total.low) & fixed_point.fits(total.high)
    low, high = np.where(safe, total.low, 0), np.where(safe, total.high, 0)
    safe &= fixed_point.fits(low << left) & fixed_point.fits(high << left)
    zero_point = _zero_point(context.output())
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


def _dense(context: Context, source: Range) -> tuple[_Step, Range]:
    inputs, outputs = _count(context.input()), _count(context.output())
    if context.op.name == "CONV_2D":
        shape = (outputs, *context.constant(1, "filter").shape[1:3], inputs)
        filter_tensor = context.filter(shape)
        inside, mixed = _window_taps(context, *shape[1:3])
    else:
        shape = (outputs, context.input().count)
        inside = np.ones(context.input().count // inputs, np.bool_)
        mixed = np.zeros_like(inside)
        filter_tensor = context.filter(shape)
        if context.output().count != outputs:
            raise context.refuse("more than one row")
    assert filter_tensor.data is not None
    # a tap that never meets the map is as good as not there
    weights = filter_tensor.data.reshape(outputs, len(inside), inputs)[:, inside]
    mixed = mixed[inside]
    bias = _bias(context, outputs)
    at = source.less(_zero_point(context.input()))
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
    dense = _Dense(
        bias=bias,
        reads=(weights != 0).any(axis=1),
        mixed=(weights[:, mixed] != 0).any(axis=1),
        constant=constant,
        neutral=neutral,
        share=weights.sum(axis=1, dtype=bias.dtype) * value,
        reach=np.abs(weights.astype(np.int32)).sum(axis=1) * 255.0,
    )
    return _Step(context.op, dense=dense), result


def _depthwise_range(context: Context, source: Range, own: Array) -> Range:
    """`own`: the input channel of each output."""
    outputs = len(own)
    filter_h, filter_w = context.constant(1, "filter").shape[1:3]
    filter_tensor = context.filter((1, filter_h, filter_w, outputs))
    assert filter_tensor.data is not None
    inside, mixed = _window_taps(context, filter_h, filter_w)
    weights = filter_tensor.data.reshape(filter_h * filter_w, outputs)[inside]
    bias = _bias(context, outputs)
    at = source.take(own).less(_zero_point(context.input()))
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
    bounds = _bounds(context)
    zero = ~live & (np.clip(bias, *bounds) == 0)
    full = _full(context.output()).clip(bounds)
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


# ---- 2. need ----


def _needed(graph: Graph, steps: list[_Step], activations: set[int]) -> dict[int, Flags]:
    """Tensor -> flag per channel. Grows from what the output needs until nothing changes."""
    needed = {t: np.zeros(_count(graph.tensors[t]), np.bool_) for t in activations}
    for t in (graph.input, graph.output):
        needed[t][:] = True
    for step in steps:
        if not step.links and not step.dense:
            for t in (*step.op.inputs, *(() if step.free else step.op.outputs)):
                if t in needed:
                    needed[t][:] = True
    full: set[int] = set()  # operators whose bias can take nothing more
    fill = False
    while True:
        before = _total_needed(needed)
        for step in reversed(steps):
            # A tensor of nothing has no place in memory. The last one first: it decides for others.
            for t in step.op.outputs if fill else ():
                needed[t][0] |= not needed[t].any()
            _spread(step, needed, step.op.index in full)
        for step in steps:  # links carry forward, too
            _spread(step, needed, step.op.index in full)
        if _total_needed(needed) > before:
            continue
        if not fill:
            fill = True
            continue
        overflowing = {
            s.op.index
            for s in steps
            if s.dense and s.op.index not in full and _overflows(s.dense, s.op, needed)
        }
        if not overflowing:
            return needed
        full |= overflowing


def _total_needed(needed: dict[int, Flags]) -> int:
    return sum(int(flags.sum()) for flags in needed.values())


def _spread(step: _Step, needed: dict[int, Flags], bias_is_full: bool) -> None:
    """What one operator's output needs of its inputs, and the other way round."""
    if step.dense:
        outputs = needed[step.op.outputs[0]]
        needed[step.op.inputs[0]] |= _reads(step.dense, outputs, bias_is_full)
    for tensor, index in step.links:
        output, mine = needed[step.op.outputs[0]], index >= 0
        needed[tensor][index[mine & output]] = True
        output[mine] |= needed[tensor][index[mine]]


def _reads(d: _Dense, outputs: Flags, bias_is_full: bool) -> Flags:
    """Channels that cannot be folded away: one is read that varies, or that the border sees."""
    constant = d.neutral if bias_is_full else d.constant
    read, at_border = d.reads[outputs].any(axis=0), d.mixed[outputs].any(axis=0)
    flags: Flags = (read & ~constant) | (at_border & ~d.neutral)
    return flags


def _overflows(d: _Dense, op: Operator, needed: dict[int, Flags]) -> bool:
    """Could the accumulator leave int32 on its way, starting from the new bias?"""
    rows, kept = needed[op.outputs[0]], needed[op.inputs[0]]
    share = d.share[rows][:, ~kept].sum(axis=1)
    limit = np.abs(d.bias[rows] + share) + d.reach[rows][:, kept].sum(axis=1)
    return bool((share.astype(np.bool_) & (limit > fixed_point.INT32_MAX)).any())


# ---- 3. cut ----


def _cut(graph: Graph, steps: list[_Step], needed: dict[int, Flags]) -> Graph:
    tensors = list(graph.tensors)
    for t, flags in needed.items():
        kept = int(flags.sum())
        if kept < len(flags):
            shape = (*tensors[t].shape[:-1], kept)
            tensors[t] = dataclasses.replace(tensors[t], shape=shape)

    def constant(tensor: Tensor) -> int:
        tensors.append(tensor)  # weights may be shared with another operator: never in place
        return len(tensors) - 1

    operators = []
    for step in steps:
        op = step.op
        touched = [t for t in (*op.inputs, *op.outputs) if t in needed and not needed[t].all()]
        inputs, options = list(op.inputs), op.options
        if touched and (step.dense or op.name == "DEPTHWISE_CONV_2D"):
            rows = needed[op.outputs[0]]
            old = graph.tensors[op.inputs[1]]
            bias = graph.tensors[op.inputs[2]] if len(op.inputs) > 2 and op.inputs[2] >= 0 else None
            if step.dense:
                columns = needed[op.inputs[0]]
                inputs[1] = constant(_cut_filter(old, rows, columns))
                removed = step.dense.share[:, ~columns].sum(axis=1)
                bias = _cut_bias(bias, graph.tensors[op.inputs[0]], old, step.dense, removed, rows)
            else:
                assert old.data is not None
                inputs[1] = constant(_with_data(old, old.data[..., rows], rows))
                if "depth_multiplier" in options:
                    ratio = int(rows.sum()) // int(needed[op.inputs[0]].sum())
                    options = options | {"depth_multiplier": ratio}
                if bias is not None and bias.data is not None:
                    bias = _with_data(bias, bias.data.reshape(-1)[rows], rows)
            inputs[2:] = [-1 if bias is None else constant(bias)]
        elif touched and op.name in BINARY:
            rows = needed[op.outputs[0]]
            for k, t in enumerate(op.inputs):
                data = graph.tensors[t].data
                if data is not None and data.shape and data.shape[-1] == len(rows):
                    cut = _with_data(graph.tensors[t], data[..., rows], rows)
                    inputs[k] = constant(cut)
        elif touched and op.name == "RESHAPE":
            inputs = inputs[:1]  # the shape that the model wrote down no longer holds
        operators.append(dataclasses.replace(op, inputs=tuple(inputs), options=options))
    return graph.replace(tensors=tuple(tensors), operators=tuple(operators))


def _cut_filter(old: Tensor, rows: Flags, columns: Flags) -> Tensor:
    assert old.data is not None
    data = old.data[rows].reshape(int(rows.sum()), -1, len(columns))[..., columns]
    shape = (len(data), -1) if len(old.shape) == 2 else (len(data), *old.shape[1:3], data.shape[-1])
    return _with_data(old, data.reshape(shape), rows)


def _cut_bias(
    old: Tensor | None,
    source: Tensor,
    filter_tensor: Tensor,
    d: _Dense,
    removed: Array,
    rows: Flags,
) -> Tensor | None:
    """The bias with what the removed channels contributed; made where there was none."""
    if old is not None:
        return _with_data(old, (d.bias + removed)[rows].astype(old.dtype), rows)
    if not removed[rows].any():
        return None
    scales = tuple(quantise.of(source).scale * s for s in quantise.of(filter_tensor).scales)
    quantisation = Quantisation(scales, (0,) * len(scales), 0)
    empty = Tensor(f"{filter_tensor.name} bias", (len(rows),), "int32", quantisation)
    return _with_data(empty, removed[rows].astype(np.int32), rows)


def _with_data(old: Tensor, data: Array, rows: Flags) -> Tensor:
    """`old` with new data; its scales, where it has one per output channel, lose the same rows."""
    q = old.quantisation
    if q is not None and len(q.scales) == len(rows) > 1:
        kept = np.flatnonzero(rows)
        scales = tuple(q.scales[k] for k in kept)
        q = Quantisation(scales, tuple(q.zero_points[k] for k in kept), q.axis)
    return dataclasses.replace(old, shape=data.shape, quantisation=q, data=data)
