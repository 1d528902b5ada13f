"""Rewrites of the graph that change no result: Graph in, Graph out.

fold_padding: ZeroPadding2D before a VALID convolution becomes part of its window, so the padded
map never exists in memory. This is how symmetric stride-2 padding arrives from Keras.
"""

from __future__ import annotations

import dataclasses

from boardless.graph import Graph, Operator

WINDOWED = ("CONV_2D", "DEPTHWISE_CONV_2D")  # padding contributes real 0, which is what PAD writes


def fold_padding(graph: Graph) -> Graph:
    """PAD of height and width, read by one VALID convolution -> explicit padding of that one."""
    operators = list(graph.operators)
    for pad in graph.operators:
        if pad.name != "PAD" or len(pad.inputs) != 2 or len(pad.outputs) != 1:
            continue
        users = graph.users(pad.outputs[0])
        paddings = graph.tensors[pad.inputs[1]].data
        if (
            paddings is None
            or paddings.dtype.kind != "i"
            or paddings.shape != (4, 2)
            or paddings[[0, 3]].any()
        ):
            continue
        before, after = graph.tensors[pad.inputs[0]], graph.tensors[pad.outputs[0]]
        if (
            len(users) != 1
            or pad.outputs[0] == graph.output
            or users[0].name not in WINDOWED
            or users[0].inputs[0] != pad.outputs[0]
            or users[0].options.get("padding") != "VALID"
            or before.quantisation != after.quantisation
            or paddings.min() < 0
        ):
            continue
        user = next(op for op in operators if op.index == users[0].index)
        folded = _with_padding(user, pad, [[int(v) for v in row] for row in paddings])
        operators[operators.index(user)] = folded
        operators = [op for op in operators if op.index != pad.index]
    return graph.replace(operators=tuple(operators))


def _with_padding(user: Operator, pad: Operator, paddings: list[list[int]]) -> Operator:
    options = user.options | {
        "padding": "EXPLICIT",
        "pad_h": tuple(paddings[1]),
        "pad_w": tuple(paddings[2]),
    }
    return dataclasses.replace(user, inputs=(pad.inputs[0], *user.inputs[1:]), options=options)
