"""The input channels without which an output channel has no meaning, for each operator.

pairs = links_of(Context(graph, op))
"""

from __future__ import annotations

import numpy as np

from boardless.model import traits
from boardless.model.compiler.fold.records import Array, count
from boardless.model.compiler.kernels import Context
from boardless.model.traits import Channels, Form


def links_of(context: Context) -> list[tuple[int, Array]]:
    """The links of a Step, none where the operator is not known to work channel by channel."""
    op, output = context.op, context.output()
    known = traits.of(op.name)
    outputs = count(output)
    first = context.input()
    inputs = count(first)
    if known.channels is not Channels.OWN:
        return []
    if known.form is Form.JOIN:
        return _joined_links(context)
    if known.operands > 1:
        tensors = [i for i in op.inputs if i >= 0 and context.graph.tensors[i].data is None]
        counts = [count(context.graph.tensors[i]) for i in tensors]
        full = np.arange(outputs)
        return [(i, full) for i in tensors] if counts == [outputs] * len(counts) else []
    if first.data is not None:
        return []
    if known.weighted:
        if outputs % inputs:
            raise context.refuse("channels")
        return [(op.inputs[0], np.arange(outputs) // (outputs // inputs))]
    if known.form is Form.SHAPE and first.count == output.count:
        if inputs == outputs or output.count == outputs:
            return [(op.inputs[0], np.arange(outputs) % inputs)]
        return []
    if known.form is Form.PADDING:
        paddings = context.constant(1, "list of paddings").data
        if paddings is None or paddings.shape != (len(first.shape), 2) or paddings[-1].any():
            return []
    elif known.form is Form.REDUCTION:
        axes = context.constant(1, "list of axes").data
        rank = len(first.shape)
        if axes is None or any(int(a) % rank == rank - 1 for a in axes.reshape(-1)):
            return []
    elif known.form not in (Form.WINDOW, Form.VALUES):
        return []
    return [(op.inputs[0], np.arange(outputs))] if inputs == outputs else []


def _joined_links(context: Context) -> list[tuple[int, Array]]:
    op, output = context.op, context.output()
    tensors = [context.graph.tensors[i] for i in op.inputs if i >= 0]
    rank = len(output.shape)
    if op.options["axis"] not in (-1, rank - 1) or any(t.data is not None for t in tensors):
        return []
    if any(len(t.shape) != rank for t in tensors) or sum(map(count, tensors)) != count(output):
        return []
    links, begin = [], 0
    for i, tensor in zip(op.inputs, tensors, strict=True):
        index = np.full(count(output), -1)
        index[begin : begin + count(tensor)] = np.arange(count(tensor))
        begin += count(tensor)
        links.append((i, index))
    return links
