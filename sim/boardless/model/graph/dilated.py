"""A dilated convolution, as exporters write one that TFLite had none for: as a convolution.

graph = with_dilation(graph)

They take the map apart into smaller ones, made of every second pixel, let a convolution pass over
each, and put the results together again. The same convolution, dilated, does it at once; the
padding of the first step, less what the last one crops, is its own.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from boardless.model import traits
from boardless.model.graph import Graph, Operator
from boardless.model.traits import Blocks

DILATIONS = ("dilation_h_factor", "dilation_w_factor")
STRIDES = ("stride_h", "stride_w")


def with_dilation(graph: Graph) -> Graph:
    """Returns the graph with one operator in place of each three of this kind; itself without."""
    operators = list(graph.operators)
    for first in graph.operators:
        if traits.of(first.name).blocks is not Blocks.APART or len(first.outputs) != 1:
            continue
        middle = _only_user(graph, first)
        last = _only_user(graph, middle) if middle else None
        if middle is None or last is None or traits.of(last.name).blocks is not Blocks.TOGETHER:
            continue
        options = _options(graph, first, middle, last)
        if options is not None:
            inputs = (first.inputs[0], *middle.inputs[1:])
            dilated = dataclasses.replace(
                middle, inputs=inputs, outputs=last.outputs, options=middle.options | options
            )
            operators[operators.index(middle)] = dilated
            operators = [op for op in operators if op not in (first, last)]
    return (
        graph
        if len(operators) == len(graph.operators)
        else graph.replace(operators=tuple(operators))
    )


def _only_user(graph: Graph, op: Operator) -> Operator | None:
    if len(op.outputs) != 1 or op.outputs[0] in graph.outputs:
        return None
    users = graph.users(op.outputs[0])
    return users[0] if len(users) == 1 and users[0].inputs[0] == op.outputs[0] else None


def _options(
    graph: Graph, first: Operator, middle: Operator, last: Operator
) -> dict[str, Any] | None:
    """Returns the padding and dilation of the one operator; None where there is none."""
    known = traits.of(middle.name)
    plain = all(middle.options.get(key) == 1 for key in (*STRIDES, *DILATIONS))
    if not (known.weighted and known.takes_padding and plain):
        return None
    lists = []
    for op, shape in ((first, (2,)), (first, (2, 2)), (last, (2,)), (last, (2, 2))):
        number = len(shape)  # 1 the blocks, 2 what is padded or cropped
        data = graph.tensors[op.inputs[number]].data if len(op.inputs) == 3 else None
        if data is None or data.dtype.kind != "i" or data.shape != shape:
            return None
        lists.append(data.astype(int))
    blocks, paddings, again, crops = lists
    same = (blocks == again).all() and _same_kind(graph, first) and _same_kind(graph, last)
    if middle.options.get("padding") != "VALID" or blocks.min() < 1 or not same:
        return None
    pads = paddings - crops
    if paddings.min() < 0 or crops.min() < 0 or pads[:, 0].min() < 0:
        return None
    sides = [tuple(map(int, pair)) for pair in pads]
    dilations = dict(zip(DILATIONS, map(int, blocks), strict=True))
    return {"padding": "EXPLICIT", "pad_h": sides[0], "pad_w": sides[1], **dilations}


def _same_kind(graph: Graph, op: Operator) -> bool:
    """Returns True where the operator leaves values as they are stored, in maps."""
    before, after = (graph.tensors[i] for i in (op.inputs[0], op.outputs[0]))
    kinds = {(t.dtype, t.quantisation, len(t.shape)) for t in (before, after)}
    return len(kinds) == 1 and len(before.shape) == 4
