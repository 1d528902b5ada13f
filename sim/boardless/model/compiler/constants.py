"""Operators that only read constants are computed here: weights kept as float16 or int8.

graph = constants.fold(graph)
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.model import traits
from boardless.model.graph import Graph, Operator, Tensor

MOST_BYTES = 1 << 27  # of all results together: a small file may ask for the same thing often


def fold(graph: Graph) -> Graph:
    """Computes what moves or dequantises a constant; other operators stay."""
    tensors, operators = list(graph.tensors), []
    left = MOST_BYTES
    for op in graph.operators:
        data = _value(op, tensors, left)
        left -= 0 if data is None else data.nbytes
        if data is None:
            operators.append(op)
        else:
            number = op.outputs[0]
            tensors[number] = dataclasses.replace(tensors[number], data=data)
    return graph.replace(tensors=tuple(tensors), operators=tuple(operators))


def _value(op: Operator, tensors: list[Tensor], most_bytes: int) -> npt.NDArray[Any] | None:
    if not op.inputs or op.inputs[0] < 0 or len(op.outputs) != 1:
        return None
    source, target = tensors[op.inputs[0]], tensors[op.outputs[0]]
    if source.data is None or source.count != target.count or target.nbytes > most_bytes:
        return None
    known = traits.of(op.name)
    if known.form is traits.Form.SHAPE and source.dtype == target.dtype:
        return source.data.reshape(target.shape)
    if known.converts and target.dtype == "float32" and source.shape == target.shape:
        return _real(source)
    return None


def _real(tensor: Tensor) -> npt.NDArray[np.float32] | None:
    """Returns the values in single precision, as TFLite computes them."""
    assert tensor.data is not None
    if tensor.dtype == "float16":
        return tensor.data.astype(np.float32)
    q = tensor.quantisation
    if tensor.dtype != "int8" or q is None:
        return None
    along = [1] * len(tensor.shape)
    if len(q.scales) > 1:
        along[q.axis] = -1
    scales = np.array(q.scales, np.float32).reshape(along)
    zero_points = np.array(q.zero_points, np.float32).reshape(along)
    return scales * (tensor.data.astype(np.float32) - zero_points)
