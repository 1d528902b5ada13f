"""3. Cut: filters, biases, scales and tensors lose the channels that nobody needs.

smaller = cut_channels(graph, steps, needed)
"""

from __future__ import annotations

import dataclasses

import numpy as np

from boardless.model import traits
from boardless.model.compiler import quantise
from boardless.model.compiler.fold.records import Array, Dense, Flags, Step
from boardless.model.graph import Graph, Quantisation, Tensor


def cut_channels(graph: Graph, steps: list[Step], needed: dict[int, Flags]) -> Graph:
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
        op, known = step.op, traits.of(step.op.name)
        touched = [t for t in (*op.inputs, *op.outputs) if t in needed and not needed[t].all()]
        inputs, options = list(op.inputs), op.options
        if touched and (step.dense or known.weighted):
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
        elif touched and known.operands > 1:
            rows = needed[op.outputs[0]]
            for k, t in enumerate(op.inputs):
                data = graph.tensors[t].data
                if data is not None and data.shape and data.shape[-1] == len(rows):
                    cut = _with_data(graph.tensors[t], data[..., rows], rows)
                    inputs[k] = constant(cut)
        elif touched and known.reads:
            inputs = inputs[: known.reads]  # the shape that the model wrote down no longer holds
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
    d: Dense,
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
