"""Shapes of a model whose batch size is open, as they are for one picture: Graph in, Graph out.

graph = settled(graph)

Exporters compute the sizes of a reshape from those of its input where the batch size is open, and
write 1 wherever they do not know one. Here the shapes follow from the input's, operator after
operator, as interpreters find them when they allocate.
"""

from __future__ import annotations

import dataclasses

from boardless.core.errors import BadInput
from boardless.model.compiler import constants, kernels
from boardless.model.graph import Graph, Operator
from boardless.model.graph.usable import MAX_ACTIVATION, usable


def settled(graph: Graph) -> Graph:
    """Returns the graph with the shapes of one picture, and without what computes sizes; itself
    where the file leaves none open."""
    if not graph.open_shapes:
        return graph
    tensors, operators = list(graph.tensors), []
    for op in graph.operators:
        context = kernels.Context(graph.replace(tensors=tuple(tensors)), op)
        data = constants.value(context)
        if data is not None:
            number = op.outputs[0]
            tensors[number] = dataclasses.replace(tensors[number], shape=data.shape, data=data)
            continue
        operators.append(op)
        for number, shape in zip(op.outputs, _shapes(context), strict=False):
            tensors[number] = dataclasses.replace(tensors[number], shape=shape)
    return usable(
        graph.replace(tensors=tuple(tensors), operators=tuple(operators), open_shapes=False)
    )


def _shapes(context: kernels.Context) -> list[tuple[int, ...]]:
    """Returns the shapes of an operator's outputs, none where they are not known."""
    op: Operator = context.op
    if op.name not in kernels.names():
        return []
    lowering = kernels.module(op.name)
    found: list[tuple[int, ...]]
    try:
        several = hasattr(lowering, "output_shapes")
        found = lowering.output_shapes(context) if several else [lowering.output_shape(context)]
    except (BadInput, KeyError, IndexError, ValueError, TypeError, ArithmeticError):
        return []  # the operator is refused when it is lowered
    sizes = [size for shape in found for size in shape]
    return found if all(0 < size <= MAX_ACTIVATION for size in sizes) else []
