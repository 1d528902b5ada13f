"""Builds a .tflite with one operator in memory: the oracle's side of a kernel test.

content = model("SOFTMAX", [Tensor((1, 10), "int8", (0.1,), (0,))], out, {"beta": 1.0})
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

TYPES = {
    "int8": schema.TensorType.INT8,
    "int32": schema.TensorType.INT32,
    "float32": schema.TensorType.FLOAT32,
    "uint8": schema.TensorType.UINT8,
}
OPTIONS = {
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "SOFTMAX": "SoftmaxOptions",
    "PAD": "PadOptions",
    "RESHAPE": "ReshapeOptions",
}


@dataclass
class Tensor:
    """scales and zero_points: one pair, or one per slice along `axis`; data makes a constant."""

    shape: tuple[int, ...]
    dtype: str
    scales: tuple[float, ...] = ()
    zero_points: tuple[int, ...] = (0,)
    axis: int = 0
    data: Any = None


def model(
    operator: str, inputs: list[Tensor], output: Tensor, options: dict[str, Any] | None = None
) -> bytes:
    """The first of `inputs` is the model's input; options carry TFLite's field names."""
    m = schema.ModelT()
    m.version = 3
    code = schema.OperatorCodeT()
    code.builtinCode = getattr(schema.BuiltinOperator, operator)
    code.deprecatedBuiltinCode = min(code.builtinCode, 127)
    m.operatorCodes = [code]
    m.buffers = [schema.BufferT()]
    graph = schema.SubGraphT()
    graph.tensors = [_tensor(m, t) for t in [*inputs, output]]
    graph.inputs, graph.outputs = [0], [len(inputs)]
    op = schema.OperatorT()
    op.opcodeIndex = 0
    op.inputs, op.outputs = list(range(len(inputs))), [len(inputs)]
    op.builtinOptionsType = getattr(schema.BuiltinOptions, OPTIONS[operator])
    op.builtinOptions = getattr(schema, f"{OPTIONS[operator]}T")()
    for key, value in (options or {}).items():
        assert hasattr(op.builtinOptions, key), key
        setattr(op.builtinOptions, key, value)
    graph.operators = [op]
    m.subgraphs = [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(m.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _tensor(m: Any, t: Tensor) -> Any:
    out = schema.TensorT()
    out.shape, out.type, out.name = list(t.shape), TYPES[t.dtype], "t"
    out.buffer = 0
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
