"""Rewrites of the graph that change no result: Graph in, Graph out.

graph = fuse(graph)

fold_padding: ZeroPadding2D before a VALID convolution becomes part of its window, so the padded
map never exists in memory. This is how symmetric stride-2 padding arrives from Keras.
drop_identities: what moves every value to where it is already needs no operator.
fuse_activations: a RELU of its own becomes the activation of the layer before it.
"""

from __future__ import annotations

import dataclasses
from collections import Counter

from boardless.model import traits
from boardless.model.compiler import quantise
from boardless.model.graph import Graph, Operator, Tensor
from boardless.model.traits import Form


def fuse(graph: Graph) -> Graph:
    """All of them; the same Graph where nothing fits."""
    return fuse_activations(drop_identities(fold_padding(graph)))


def fold_padding(graph: Graph) -> Graph:
    """PAD of height and width, read by one VALID convolution -> explicit padding of that one."""
    operators = list(graph.operators)
    for pad in graph.operators:
        if not traits.of(pad.name).pads_zero or len(pad.inputs) != 2 or len(pad.outputs) != 1:
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
            or pad.outputs[0] in graph.outputs
            or not traits.of(users[0].name).takes_padding
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
    return _with_operators(graph, operators)


def _with_padding(user: Operator, pad: Operator, paddings: list[list[int]]) -> Operator:
    options = user.options | {
        "padding": "EXPLICIT",
        "pad_h": tuple(paddings[1]),
        "pad_w": tuple(paddings[2]),
    }
    return dataclasses.replace(user, inputs=(pad.inputs[0], *user.inputs[1:]), options=options)


def drop_identities(graph: Graph) -> Graph:
    """Operators whose output equals their input; the one that writes the model's output stays."""
    moved: dict[int, int] = {}  # tensor -> the one that holds the same values
    operators = []
    for op in graph.operators:
        op = dataclasses.replace(op, inputs=tuple(moved.get(i, i) for i in op.inputs))
        if _is_identity(graph, op) and op.outputs[0] not in graph.outputs:
            moved[op.outputs[0]] = op.inputs[0]
        else:
            operators.append(op)
    return _with_operators(graph, operators)


def _is_identity(graph: Graph, op: Operator) -> bool:
    if not op.inputs or op.inputs[0] < 0 or len(op.outputs) != 1:
        return False
    before, after = graph.tensors[op.inputs[0]], graph.tensors[op.outputs[0]]
    if before.data is not None or not _same_kind(before, after) or before.shape != after.shape:
        return False
    known = traits.of(op.name)
    if known.form is Form.PADDING:
        paddings = graph.tensors[op.inputs[1]].data if len(op.inputs) > 1 else None
        return paddings is not None and not paddings.any()
    if known.form is Form.WINDOW and not known.weighted:
        sizes = ("filter_height", "filter_width", "stride_h", "stride_w")
        fits = all(op.options.get(k) == 1 for k in sizes)
        return fits and _bounds(op, after) == _bounds(None, after)
    if known.clamp:  # such as RELU where the zero point is -128
        return _bounds(op, after) == _bounds(None, after)
    # a conversion between equal scales multiplies by exactly 1
    return known.form is Form.SHAPE or known.converts


def _same_kind(a: Tensor, b: Tensor) -> bool:
    return (a.dtype, a.quantisation) == (b.dtype, b.quantisation)


def _bounds(op: Operator | None, output: Tensor) -> tuple[float, float] | None:
    """Returns the bounds of `op`'s activation, fused or its own, in the output's type."""
    name = "NONE"
    if op is not None:
        fused = op.options.get("fused_activation_function", "NONE")
        name = op.name if traits.of(op.name).clamp else fused
    return quantise.activation_bounds(name, output)


def fuse_activations(graph: Graph) -> Graph:
    """A layer and the RELU, RELU6 or RELU_N1_TO_1 that alone reads it -> the layer with a fused
    activation, wherever one of TFLite's activations clamps to what both let through together."""
    readers = Counter(i for op in graph.operators for i in set(op.inputs))
    operators: list[Operator] = []
    writers: dict[int, int] = {}  # tensor -> position in operators
    for op in graph.operators:
        source = op.inputs[0] if op.inputs else -1
        fused = None
        if source in writers and readers[source] == 1 and source not in graph.outputs:
            fused = _fused(graph, operators[writers[source]], op)
        if fused:
            operators[writers[source]] = fused
            writers[fused.outputs[0]] = writers[source]
        else:
            writers |= dict.fromkeys(op.outputs, len(operators))
            operators.append(op)
    return _with_operators(graph, operators)


def _fused(graph: Graph, layer: Operator, op: Operator) -> Operator | None:
    clamps = traits.of(op.name).clamp and traits.of(layer.name).takes_activation
    if not clamps or len(op.outputs) != 1:
        return None
    between, after = graph.tensors[op.inputs[0]], graph.tensors[op.outputs[0]]
    if not _same_kind(between, after) or between.shape != after.shape:
        return None
    first, second = _bounds(layer, after), _bounds(op, after)
    if first is None or second is None:
        return None
    both = max(first[0], second[0]), min(first[1], second[1])
    for name in traits.clamping():
        if quantise.activation_bounds(name, after) == both and both[0] <= both[1]:
            options = layer.options | {"fused_activation_function": name}
            return dataclasses.replace(layer, outputs=op.outputs, options=options)
    return None


def _with_operators(graph: Graph, operators: list[Operator]) -> Graph:
    unchanged = tuple(operators) == graph.operators
    return graph if unchanged else graph.replace(operators=tuple(operators))
