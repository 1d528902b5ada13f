"""uint8 values as int8 ones: q - 128 everywhere, zero points included, means the same reals.

graph = to_signed(graph)

What stays different: TFLite rounds some uint8 operators in another way. Such models are refused by
operator, unless the operator's folder has a kernel of that rounding. Weights get the zero point 0,
which the fast kernels need, unless they reach further from their own than int8 can. Plain numbers
without a scale, such as pixels that the model casts itself, are 128 less as well.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from boardless.core.errors import BadInput
from boardless.model import folders, traits
from boardless.model.graph import Graph, Operator, Quantisation, Tensor
from boardless.model.graph.refusals import Refusal

HINT = "convert the model again with int8 quantisation"


def to_signed(graph: Graph) -> Graph:
    """The graph with int8 in place of every uint8 tensor; but for constants without a scale that no
    operator combines with what is computed."""
    unsigned = {
        i
        for i, t in enumerate(graph.tensors)
        if t.dtype == "uint8" and (t.quantisation is not None or t.data is None)
    }
    unsigned |= _beside(graph, unsigned)
    if not unsigned:
        return graph
    tensors = [_signed(t) if i in unsigned else t for i, t in enumerate(graph.tensors)]
    operators, refused = [], list(graph.refused)
    filters: dict[int, int] = {}  # tensor -> the same, centred
    for op in graph.operators:
        if not unsigned & {*op.inputs, *op.outputs, *op.intermediates}:
            operators.append(op)
            continue
        where = f"{graph.name}, operator {op.index} {op.name}"
        known = traits.of(op.name)
        what = ""
        if _mixed(op, tensors, known):
            what = "it mixes uint8 with int8 values, which TFLite takes for one another"
        elif not (known.own_in_uint8 or known.same_in_uint8(op.options)):
            what = "TFLite rounds it differently in uint8 than in int8"
        if what:
            if folders.has(op.name, "lower"):  # without a kernel it is refused later
                refused.append(Refusal(op.index, op.name, graph.types(op), what, HINT))
            operators.append(op)
            continue
        filtering = known.weighted or known.filtered is not None
        if filtering and len(op.inputs) > 1 and op.inputs[1] in unsigned:
            if op.inputs[1] not in filters:
                filters[op.inputs[1]] = len(tensors)
                tensors.append(_centred(tensors[op.inputs[1]], where))
            op = _with_filter(op, filters[op.inputs[1]])
        operators.append(op)
    states = tuple(
        (number, data ^ 0x80 if data is not None and number in unsigned else data)
        for number, data in graph.states
    )
    return graph.replace(
        tensors=tuple(tensors), operators=tuple(operators), refused=tuple(refused), states=states
    )


def _beside(graph: Graph, unsigned: set[int]) -> set[int]:
    """Returns the uint8 constants of operators that read or write tensors of `unsigned`."""
    users = [op for op in graph.operators if unsigned & {*op.inputs, *op.outputs}]
    read = {i for op in users for i in op.inputs if i >= 0}
    return {i for i in read if graph.tensors[i].dtype == "uint8"}


def _mixed(op: Operator, tensors: list[Tensor], known: traits.Traits) -> bool:
    """Returns whether an operator that keeps its values' type has scaled values of both types."""
    around = [tensors[i] for i in (*op.inputs, *op.outputs, *op.intermediates) if i >= 0]
    types = {t.own_dtype for t in around if t.dtype == "int8" and t.quantisation is not None}
    return len(types) > 1 and not (known.converts or known.stored)


def _signed(tensor: Tensor) -> Tensor:
    q, data = tensor.quantisation, tensor.data
    return dataclasses.replace(
        tensor,
        dtype="int8",
        file_dtype=tensor.dtype,
        quantisation=q and Quantisation(q.scales, tuple(z - 128 for z in q.zero_points), q.axis),
        data=None if data is None else (data ^ 0x80).view(np.int8),
    )


def _centred(weights: Tensor, where: str) -> Tensor:
    """Weights with zero point 0 where they fit into int8 then, else as they are."""
    q = weights.quantisation
    if weights.data is None or q is None or len(q.scales) != 1:
        raise BadInput("its uint8 weights are computed or per channel", where=where, hint=HINT)
    centred = weights.data.astype(np.int16) - q.zero_point
    if centred.size and not -128 <= centred.min() <= centred.max() <= 127:
        return weights
    return dataclasses.replace(
        weights,
        quantisation=Quantisation(q.scales, (0,), 0),
        data=centred.astype(np.int8),
    )


def _with_filter(op: Operator, tensor: int) -> Operator:
    return dataclasses.replace(op, inputs=(op.inputs[0], tensor, *op.inputs[2:]))
