"""Limits how far two sums of the same float products may differ: each rounds in its own way.

allowed = bound(graph, content, inputs)      # (N, classes), or None where this says nothing

A device rounds a product and its addition once, with a fused instruction, and the reference rounds
twice; an optimised kernel adds up in another order. Each step changes the sum by at most 2^-24 of
what has been accumulated so far. Where large products cancel, that is much more than a part of the
result, so the limit is in units of the accumulated magnitude: the sum of the absolute products.
"""

from __future__ import annotations

import math
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from boardless.model import traits
from boardless.model.graph import Graph
from boardless.model.reference import predict_once
from boardless.model.traits import Group

SUMS = (Group.CONVOLUTION, Group.DEPTHWISE, Group.DENSE)
UNIT = 2.0**-24  # half a unit in the last place of a float32
# Rounding errors of n steps add up as a random walk does: its standard deviation is below
# UNIT * sqrt(n), and it is above four of these once in 30,000 cases. Two sums are compared.
DEVIATIONS = 4 * math.sqrt(2)


def bound(graph: Graph, content: bytes, inputs: npt.NDArray[Any]) -> npt.NDArray[np.float64] | None:
    """Returns by how much each raw output (N, classes) of float32 `inputs` (N, ...) may differ.
    None where the model is not a single layer of sums: behind other layers the magnitude of the
    last one is not that of the model."""
    if len(graph.operators) != 1 or inputs.dtype != np.float32:
        return None
    (operator,) = graph.operators
    weights = graph.tensors[operator.inputs[1]].data if len(operator.inputs) > 1 else None
    if traits.of(operator.name).group not in SUMS or weights is None:
        return None
    with np.errstate(over="ignore"):
        magnitude = predict_once(_absolute(content), np.abs(inputs)).astype(np.float64)
    # Filters of a depthwise layer lie along the last axis, others along the first.
    axis = -1 if traits.of(operator.name).group is Group.DEPTHWISE else 0
    terms = weights.size / weights.shape[axis] + 1  # and the bias
    return np.where(np.isfinite(magnitude), DEVIATIONS * UNIT * math.sqrt(terms) * magnitude, 0.0)


def _absolute(content: bytes) -> bytes:
    """Returns the model with the absolute values of its float constants and no activation."""
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for subgraph in model.subgraphs:
        for tensor in subgraph.tensors:
            data = model.buffers[tensor.buffer].data
            if tensor.type == schema.TensorType.FLOAT32 and data is not None and len(data):
                values = np.abs(np.asarray(data, np.uint8).view(np.float32))
                model.buffers[tensor.buffer].data = values.view(np.uint8)
        for operator in subgraph.operators:
            if hasattr(operator.builtinOptions, "fusedActivationFunction"):
                operator.builtinOptions.fusedActivationFunction = schema.ActivationFunctionType.NONE
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
