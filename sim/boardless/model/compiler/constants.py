"""Operators that only read constants are computed here: weights kept as float16 or int8,
and sizes.

graph = constants.fold(graph)
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.core.errors import BadInput
from boardless.model import folders, traits
from boardless.model.compiler.kernels import Context
from boardless.model.graph import Graph, Operator, Tensor
from boardless.model.graph.dynamic_range import real

PART = "value"  # the module of a kernel's folder that computes the operator here
INTEGERS = ("int32", "int64")  # that sizes are made of
MOST_INTEGERS = 1 << 12  # bytes of one result: a list of sizes is short
MOST_BYTES = 1 << 27  # of all results together: a small file may ask for the same thing often


def fold(graph: Graph) -> Graph:
    """Computes what moves or dequantises a constant; other operators stay."""
    tensors, operators = list(graph.tensors), []
    left = MOST_BYTES
    for op in graph.operators:
        data = _value(op, tensors, left)
        if data is None and folders.has(op.name, PART):
            data = value(Context(graph.replace(tensors=tuple(tensors)), op), left)
            if data is not None and data.shape != tensors[op.outputs[0]].shape:
                data = None  # refused when it is lowered
        left -= 0 if data is None else data.nbytes
        if data is None:
            operators.append(op)
        else:
            number = op.outputs[0]
            tensors[number] = dataclasses.replace(tensors[number], data=data)
    return graph.replace(tensors=tuple(tensors), operators=tuple(operators))


def value(context: Context, most_bytes: int = 0) -> npt.NDArray[Any] | None:
    """Returns the output of an operator on constant integers, such as sizes, or of up to
    `most_bytes` of others where it only moves them; None where it is not known. value.py of its
    kernel's folder computes it, and says ANY_TYPE = True where it is right for all types."""
    op, tensors = context.op, context.graph.tensors
    if len(op.outputs) != 1 or not folders.has(op.name, PART):
        return _value(op, [*tensors], MOST_INTEGERS) if _of_integers(context) else None
    target = tensors[op.outputs[0]]
    computing, most = folders.module(op.name, PART), MOST_INTEGERS // 8
    if target.dtype not in INTEGERS:
        most = most_bytes // 8 if getattr(computing, "ANY_TYPE", False) else 0
    if not most:
        return None
    try:
        found: npt.NDArray[Any] | None = computing.value(context)
    except (BadInput, KeyError, IndexError, ValueError, TypeError, ArithmeticError):
        return None  # the operator is refused when it is lowered
    if found is None or not 0 < found.size <= most:
        return None
    return found.astype(target.dtype)


def _of_integers(context: Context) -> bool:
    found = [context.graph.tensors[i] for i in context.op.inputs if i >= 0]
    return bool(found) and all(t.data is not None and t.dtype in INTEGERS for t in found)


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
        assert source.data is not None
        return source.data.astype(np.float32) if source.dtype == "float16" else real(source)
    return None
