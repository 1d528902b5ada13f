"""A model with a variable: the sum of its inputs so far, which begins with a value of the file.

content = streaming.running_sum("int8")
"""

from __future__ import annotations

from typing import Any

import numpy as np
from one_operator import Operator, Tensor, packed, unpacked

SHAPE = (1, 6)


def running_sum(dtype: str, first: Any = None, last: bool = False, graph_number: int = 1) -> bytes:
    """Returns the model; its variable begins with `first`, without which nothing begins it and it
    is assigned before it is read. With `last` it is read once more after it has been assigned."""
    value = Tensor(SHAPE, dtype, *(((0.1,), (3,)) if dtype == "int8" else ()))
    handle = Tensor((), "resource")
    tensors = [value, handle, value, value, value, value]
    name = {"sharedName": b"total"}
    operators = [Operator("VAR_HANDLE", [], [1], name)]
    if first is None:
        operators.append(Operator("ASSIGN_VARIABLE", [1, 0], []))
    operators += [
        Operator("READ_VARIABLE", [1], [2]),
        Operator("ADD", [2, 0], [3]),
        Operator("ASSIGN_VARIABLE", [1, 3], []),
        Operator("READ_VARIABLE", [1], [4]),
        Operator("RELU", [4 if last else 3], [5]),
    ]
    if first is None:
        return packed(unpacked(tensors, operators, 0, 5))
    once = Operator("CALL_ONCE", [], [], {"initSubgraphIndex": graph_number})
    model = unpacked(tensors, [once, *operators], 0, 5)
    begin = Tensor(SHAPE, dtype, value.scales, value.zero_points, data=first)
    steps = [Operator("VAR_HANDLE", [], [1], name), Operator("ASSIGN_VARIABLE", [1, 0], [])]
    other = unpacked([begin, handle], steps, 0, 0)
    graph = other.subgraphs[0]
    graph.inputs, graph.outputs = [], []
    for op in graph.operators:
        op.opcodeIndex += len(model.operatorCodes)
    for tensor in graph.tensors:
        tensor.buffer += len(model.buffers)
    model.operatorCodes += other.operatorCodes
    model.buffers += other.buffers
    model.subgraphs.append(graph)
    return packed(model)


def inputs(dtype: str, count: int = 5) -> Any:
    rng = np.random.default_rng(3)
    if dtype == "int8":
        return rng.integers(-20, 20, (count, *SHAPE[1:])).astype(np.int8)
    return rng.normal(size=(count, *SHAPE[1:])).astype(np.float32)


def assigned(source: Tensor, output: Tensor) -> bytes:
    """Returns a model whose variable is assigned the input, and read."""
    operators = [
        Operator("VAR_HANDLE", [], [1], {"sharedName": b"v"}),
        Operator("ASSIGN_VARIABLE", [1, 0], []),
        Operator("READ_VARIABLE", [1], [2]),
    ]
    return packed(unpacked([source, Tensor((), "resource"), output], operators, 0, 2))
