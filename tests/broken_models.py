"""A small network as a .tflite, and ways to break it.

refusal = attempt(broken(lambda model, subgraph: put(subgraph, operators=[])))
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import one_operator
from ai_edge_litert import schema_py_generated as schema
from boardless.core.errors import BadInput
from boardless.model import compiler, graph
from one_operator import Operator, Tensor

SECONDS = 1.0


def attempt(content: bytes) -> BadInput | None:
    """Reads, plans and emits; the refusal, if there is one. Anything else fails the test."""
    began = time.process_time()
    refusal = None
    try:
        compiler.emit(compiler.compile_graph(graph.read(content, "file")))
    except BadInput as error:
        refusal = error
    assert time.process_time() - began < SECONDS
    if refusal is not None:
        assert "\n" not in str(refusal)
        assert str(refusal).startswith("file")
    return refusal


def small_network(dtype: str = "int8") -> Any:
    """A padded convolution, two branches, an old-fashioned head: most of what files contain."""
    real = dtype == "float32"

    def activation(*shape: int, scale: float = 0.1, zero_point: int = 3) -> Tensor:
        return Tensor(shape, dtype) if real else Tensor(shape, dtype, (scale,), (zero_point,))

    def weights(*shape: int) -> Tensor:
        data = np.arange(np.prod(shape)).reshape(shape) % 9
        if real:
            return Tensor(shape, dtype, data=data)
        count = shape[0] if dtype == "int8" else 1
        return Tensor(shape, dtype, (0.01,) * count, (0,), 0, data)

    def bias(count: int) -> Tensor:
        kind = "float32" if real else "int32"
        return Tensor((count,), kind, () if real else (0.001,), data=np.arange(count))

    tensors = [
        activation(1, 5, 5, 2),
        Tensor((4, 2), "int32", data=np.array([[0, 0], [1, 1], [1, 1], [0, 0]])),
        activation(1, 7, 7, 2),
        weights(3, 3, 3, 2),
        bias(3),
        activation(1, 3, 3, 3),
        activation(1, 3, 3, 3),
        activation(1, 3, 3, 3),
        activation(1, 27),
        weights(4, 27),
        bias(4),
        activation(1, 4),
        activation(1, 4, scale=1 / 256, zero_point=0 if dtype == "uint8" else -128),
    ]
    conv = {"strideH": 2, "strideW": 2, "dilationHFactor": 1, "dilationWFactor": 1, "padding": 1}
    operators = [
        Operator("PAD", [0, 1], [2]),
        Operator("CONV_2D", [2, 3, 4], [5], conv),
        Operator("RELU", [5], [6]),
        Operator("ADD", [5, 6], [7]),
        Operator("RESHAPE", [7], [8], {"newShape": [1, 27]}),
        Operator("FULLY_CONNECTED", [8, 9, 10], [11]),
        Operator("SOFTMAX", [11], [12], {"beta": 1.0}),
    ]
    return one_operator.unpacked(tensors, operators, 0, 12)


@cache
def content(dtype: str = "int8") -> bytes:
    return one_operator.packed(small_network(dtype))


def broken(change: Callable[[Any, Any], None], dtype: str = "int8") -> bytes:
    """The small network after change(model, subgraph)."""
    model = small_network(dtype)
    change(model, model.subgraphs[0])
    return one_operator.packed(model)


def put(target: Any, **values: Any) -> None:
    for key, value in values.items():
        assert hasattr(target, key)
        setattr(target, key, value)


def code(model: Any, name: str, custom: bytes | None = None, operator: int = 3) -> None:
    number = getattr(schema.BuiltinOperator, name)
    put(
        model.operatorCodes[operator],
        builtinCode=number,
        deprecatedBuiltinCode=min(number, 127),
        customCode=custom,
    )
