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

import math

import numpy as np

from boardless.core.errors import BadInput
from boardless.model import traits
from boardless.model.compiler.fold.cut import cut_channels
from boardless.model.compiler.fold.need import needed_channels
from boardless.model.compiler.fold.ranges import full_range, step_of
from boardless.model.compiler.fold.records import Step, count
from boardless.model.compiler.kernels import Context
from boardless.model.graph import Graph, Operator

# Of all tensors together, and of one filter: more is no microcontroller's model.
MAX_CHANNELS, MAX_WEIGHTS = 1 << 20, 1 << 23


def macs(graph: Graph) -> int:
    """Multiply-accumulates of the convolutions and fully connected layers, padding included."""
    total = 0
    for op in graph.operators:
        known = traits.of(op.name)
        if known.weighted and len(op.inputs) > 1 and op.outputs:
            pixels = math.prod(graph.tensors[op.outputs[0]].shape[:-1])
            total += graph.tensors[op.inputs[1]].count * pixels
        elif known.filtered is not None and len(op.inputs) > known.filtered:
            pixels = math.prod(graph.tensors[op.inputs[known.filtered]].shape[:-1])
            total += graph.tensors[op.inputs[1]].count * pixels
        elif known.recurrent and op.inputs:
            steps = math.prod(graph.tensors[op.inputs[0]].shape[:-1])
            total += steps * _matrices(graph, op)
    return total


def _matrices(graph: Graph, op: Operator) -> int:
    """Returns how many values the constant matrices among an operator's inputs have."""
    inputs = [graph.tensors[i] for i in op.inputs if i >= 0]
    return sum(t.count for t in inputs if t.data is not None and len(t.shape) == 2)


def channels(graph: Graph) -> Graph:
    """Returns `graph` without the channels that carry no information, or itself if there are none.

    An invalid operator is not reported here: it stays as it is, and lower() refuses it.
    """
    with np.errstate(all="ignore"):  # a damaged model's weights may be NaN or infinite
        while (smaller := _fold(graph)) is not graph:
            graph = smaller  # once more: a depthwise layer may have become free of its links
    return graph


def _fold(graph: Graph) -> Graph:
    activations = {i for op in graph.operators for i in (*op.inputs, *op.outputs) if i >= 0}
    activations |= {*graph.inputs, *graph.state_tensors}
    activations = {i for i in activations if graph.tensors[i].data is None}
    if (
        sum(count(graph.tensors[t]) for t in activations) > MAX_CHANNELS
        or max((t.count for t in graph.tensors if t.data is not None), default=0) > MAX_WEIGHTS
    ):
        return graph
    ranges = {t: full_range(graph.tensors[t]) for t in activations}
    steps = []
    for op in graph.operators:
        try:
            step, result = step_of(Context(graph, op), ranges)
        except (BadInput, LookupError, ValueError):  # such as shapes of another rank
            steps.append(Step(op))
            continue
        steps.append(step)
        ranges[op.outputs[0]] = result
    needed = needed_channels(graph, steps, activations)
    if all(flags.all() for flags in needed.values()):
        return graph
    return cut_channels(graph, steps, needed)
