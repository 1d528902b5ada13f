"""Dynamic-range models, int8 weights with float32 activations, as float32 models.

graph = with_float_weights(graph)
content = as_float(content, graph)     # the same in the file, for the reference interpreter

TFLite's hybrid kernels quantise the activations of every picture anew, which no microcontroller
does. Here the weights are dequantised when the model is compiled, and the reference computes with
the same weights.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from boardless.model.graph import Graph, Tensor


def with_float_weights(graph: Graph) -> Graph:
    """Returns the graph with float32 in place of the int8 constants of operators on float32."""
    tensors, operators, places = list(graph.tensors), list(graph.operators), []
    made: dict[int, int] = {}  # tensor -> the same, dequantised
    for at, position in _hybrid(graph):
        op = operators[at]
        number = op.inputs[position]
        if number not in made:
            made[number] = len(tensors)
            tensor = graph.tensors[number]
            data = real(tensor)
            tensors.append(
                dataclasses.replace(tensor, dtype="float32", quantisation=None, data=data)
            )
        inputs = (*op.inputs[:position], made[number], *op.inputs[position + 1 :])
        operators[at] = dataclasses.replace(op, inputs=inputs)
        places.append((op.index, position))
    if not places:
        return graph
    return graph.replace(
        tensors=tuple(tensors), operators=tuple(operators), float_weights=tuple(places)
    )


def _hybrid(graph: Graph) -> Iterator[tuple[int, int]]:
    """Yields (place of the operator, number of the input) of each int8 constant."""
    for at, op in enumerate(graph.operators):
        if not op.inputs or not _is_float(graph.tensors[op.inputs[0]]):
            continue
        for position, number in enumerate(op.inputs):
            if number >= 0 and _is_quantised(graph.tensors[number]):
                yield at, position


def _is_float(tensor: Tensor) -> bool:
    return tensor.dtype == "float32" and tensor.data is None


def _is_quantised(tensor: Tensor) -> bool:
    return tensor.data is not None and tensor.dtype == "int8" and tensor.quantisation is not None


def real(tensor: Tensor) -> npt.NDArray[np.float32] | None:
    """Returns an int8 constant in single precision, as TFLite dequantises it; None for others."""
    q = tensor.quantisation
    if tensor.data is None or q is None or not _is_quantised(tensor):
        return None
    along = [1] * len(tensor.shape)
    if len(q.scales) > 1:
        along[q.axis] = -1
    scales = np.array(q.scales, np.float32).reshape(along)
    zero_points = np.array(q.zero_points, np.float32).reshape(along)
    with np.errstate(over="ignore"):  # of a scale near the largest float: infinity, as there
        return scales * (tensor.data.astype(np.float32) - zero_points)


def as_float(content: bytes, graph: Graph) -> bytes:
    """Returns the file that `graph` was read from with the same float32 weights."""
    if not graph.float_weights:
        return content
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    subgraph = model.subgraphs[0]
    operators = {op.index: op for op in graph.operators}
    made: dict[int, int] = {}
    for index, position in graph.float_weights:
        number = operators[index].inputs[position]
        if number not in made:
            made[number] = len(subgraph.tensors)
            subgraph.tensors.append(_tensor(model, graph.tensors[number]))
        operator = subgraph.operators[index]
        operator.inputs = [*operator.inputs]
        operator.inputs[position] = made[number]
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _tensor(model: schema.ModelT, tensor: Tensor) -> schema.TensorT:
    found, buffer = schema.TensorT(), schema.BufferT()
    assert tensor.data is not None
    buffer.data = np.frombuffer(np.ascontiguousarray(tensor.data, "<f4").tobytes(), np.uint8)
    found.shape, found.type, found.name = [*tensor.shape], schema.TensorType.FLOAT32, tensor.name
    found.buffer = len(model.buffers)
    model.buffers.append(buffer)
    return found
