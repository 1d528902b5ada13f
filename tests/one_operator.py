"""Builds a .tflite with one operator, or a few, in memory: the oracle's side of a kernel test.

content = model("SOFTMAX", [Tensor((1, 10), "int8", (0.1,), (0,))], out, {"beta": 1.0})
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from boardless.model.graph import options

TYPES = {
    "int8": schema.TensorType.INT8,
    "int16": schema.TensorType.INT16,
    "bool": schema.TensorType.BOOL,
    "int32": schema.TensorType.INT32,
    "int64": schema.TensorType.INT64,
    "float32": schema.TensorType.FLOAT32,
    "float16": schema.TensorType.FLOAT16,
    "resource": schema.TensorType.RESOURCE,
    "uint8": schema.TensorType.UINT8,
}
VERSIONS = {"BROADCAST_TO": 2}  # of operators that have no version 1


@dataclass
class Tensor:
    """scales and zero_points: one pair, or one per slice along `axis`; data makes a constant."""

    shape: tuple[int, ...]
    dtype: str
    scales: tuple[float, ...] = ()
    zero_points: tuple[int, ...] = (0,)
    axis: int = 0
    data: Any = None
    signature: tuple[int, ...] | None = None  # the shape with -1 for what is left open
    variable: bool = False


@dataclass
class Operator:
    """inputs and outputs are tensor numbers; options carry TFLite's field names."""

    name: str
    inputs: list[int]
    outputs: list[int]
    options: dict[str, Any] = field(default_factory=dict)
    intermediates: list[int] = field(default_factory=list)


def model(
    operator: str,
    inputs: list[Tensor],
    output: Tensor,
    options: dict[str, Any] | None = None,
    source: int = 0,
) -> bytes:
    """Number `source` of `inputs` is the model's input; options carry TFLite's field names."""
    numbers = list(range(len(inputs)))
    op = Operator(operator, numbers, [len(inputs)], options or {})
    return graph([*inputs, output], [op], source, len(inputs))


Ports = int | list[int]  # one tensor, or several


def graph(tensors: list[Tensor], operators: list[Operator], source: Ports, target: Ports) -> bytes:
    """A model of several operators, from tensor `source` to tensor `target`, or from several to
    several."""
    m = unpacked(tensors, operators, source, target)
    return packed(m)


def unpacked(tensors: list[Tensor], operators: list[Operator], source: Ports, target: Ports) -> Any:
    """Returns the model as the schema's objects, for tests that break something in it."""
    m = schema.ModelT()
    m.version = 3
    m.operatorCodes, m.buffers = [], [schema.BufferT()]
    graph = schema.SubGraphT()
    graph.tensors = [_tensor(m, t) for t in tensors]
    graph.inputs = source if isinstance(source, list) else [source]
    graph.outputs = target if isinstance(target, list) else [target]
    graph.operators = [_operator(m, op) for op in operators]
    m.subgraphs = [graph]
    return m


def packed(m: Any) -> bytes:
    builder = flatbuffers.Builder(1024)
    builder.Finish(m.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _operator(m: Any, operator: Operator) -> Any:
    code = schema.OperatorCodeT()
    code.builtinCode = getattr(schema.BuiltinOperator, operator.name)
    code.deprecatedBuiltinCode = min(code.builtinCode, 127)
    code.version = VERSIONS.get(operator.name, 1)
    m.operatorCodes.append(code)
    op = schema.OperatorT()
    op.opcodeIndex = len(m.operatorCodes) - 1
    op.inputs, op.outputs = operator.inputs, operator.outputs
    op.intermediates = operator.intermediates or None
    table = options.class_of(operator.name)
    if table:
        op.builtinOptionsType = getattr(schema.BuiltinOptions, table)
        op.builtinOptions = getattr(schema, f"{table}T")()
    for key, value in operator.options.items():
        assert hasattr(op.builtinOptions, key), key
        setattr(op.builtinOptions, key, value)
    return op


def _tensor(m: Any, t: Tensor) -> Any:
    out = schema.TensorT()
    out.shape, out.type, out.name = list(t.shape), TYPES[t.dtype], "t"
    out.shapeSignature = None if t.signature is None else list(t.signature)
    out.buffer, out.isVariable = 0, t.variable
    if t.data is not None:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(np.ascontiguousarray(t.data, t.dtype).tobytes(), np.uint8)
        out.buffer = len(m.buffers)
        m.buffers.append(buffer)
    if t.scales:
        q = schema.QuantizationParametersT()
        q.scale, q.quantizedDimension = list(t.scales), t.axis
        q.zeroPoint = list(
            t.zero_points if len(t.zero_points) > 1 else t.zero_points * len(t.scales)
        )
        out.quantization = q
    return out
