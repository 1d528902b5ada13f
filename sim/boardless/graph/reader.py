"""Reads a .tflite file into a Graph, and trusts nothing in it.

The file may be truncated, random or hostile: every way it can be wrong ends in one BadInput.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from boardless.errors import BadInput
from boardless.graph import Graph, Operator, Quantisation, Tensor

MAX_TENSORS = 10_000  # no microcontroller model comes near; bounds the work on a hostile file
MAX_ELEMENTS = 1 << 28
HINT = "export the model again, or check that the download is complete"

# What the flatbuffers accessors raise on offsets and lengths that make no sense.
BROKEN_FILE = (
    struct.error,
    IndexError,
    ValueError,
    TypeError,
    OverflowError,
    AttributeError,
    KeyError,
    MemoryError,
)

DTYPES = {
    schema.TensorType.FLOAT32: "float32",
    schema.TensorType.INT8: "int8",
    schema.TensorType.INT16: "int16",
    schema.TensorType.INT32: "int32",
    schema.TensorType.INT64: "int64",
    schema.TensorType.UINT8: "uint8",
    schema.TensorType.BOOL: "bool",
}


def _names(enum: type) -> dict[int, str]:
    return {v: k for k, v in vars(enum).items() if isinstance(v, int)}


OPERATOR_NAMES = _names(schema.BuiltinOperator)
OPTIONS_NAMES = _names(schema.BuiltinOptions)
PADDINGS = _names(schema.Padding)
ACTIVATIONS = _names(schema.ActivationFunctionType)


def read(content: bytes, name: str) -> Graph:
    """The Graph of a .tflite file's bytes; `name` stands in messages and in the firmware."""
    if len(content) < 8 or content[4:8] != b"TFL3":
        raise BadInput(
            "not a TensorFlow Lite model (no TFL3 mark)",
            where=name,
            hint="boardless reads .tflite files of schema version 3",
        )
    try:
        return _read(content, name)
    except BROKEN_FILE as error:
        raise BadInput("the .tflite file is damaged or truncated", where=name, hint=HINT) from error


def _read(content: bytes, name: str) -> Graph:
    model = schema.Model.GetRootAs(content, 0)
    if model.SubgraphsLength() != 1:
        raise BadInput(
            f"the model has {model.SubgraphsLength()} subgraphs, boardless runs one",
            where=name,
            hint="export the model without control flow or signatures of its own",
        )
    subgraph = model.Subgraphs(0)
    if not 0 < subgraph.TensorsLength() <= MAX_TENSORS:
        raise BadInput(f"the model has {subgraph.TensorsLength()} tensors", where=name, hint=HINT)
    if not 0 < subgraph.OperatorsLength() <= MAX_TENSORS:
        raise BadInput(
            f"the model has {subgraph.OperatorsLength()} operators", where=name, hint=HINT
        )
    tensors = tuple(
        _tensor(model, subgraph.Tensors(i), f"{name}, tensor {i}")
        for i in range(subgraph.TensorsLength())
    )
    operators = tuple(
        _operator(model, subgraph.Operators(i), i, len(tensors), name)
        for i in range(subgraph.OperatorsLength())
    )
    graph = Graph(
        name=name,
        tensors=tensors,
        operators=operators,
        input=_only(subgraph.InputsLength(), subgraph.Inputs, "input", len(tensors), name),
        output=_only(subgraph.OutputsLength(), subgraph.Outputs, "output", len(tensors), name),
    )
    _check_order(graph)
    _check_types(graph)
    return graph


def _only(count: int, get: Callable[[int], int], what: str, tensors: int, name: str) -> int:
    if count != 1:
        raise BadInput(
            f"the model has {count} {what}s, boardless runs classifiers with one",
            where=name,
            hint="export one with a single picture in and a single row of scores out",
        )
    index = int(get(0))
    if not 0 <= index < tensors:
        raise BadInput(f"the {what} names tensor {index}, which is not there", where=name)
    return index


def _tensor(model: Any, t: Any, where: str) -> Tensor:
    dtype = DTYPES.get(t.Type())
    shape = tuple(int(t.Shape(i)) for i in range(min(t.ShapeLength(), 9)))
    if any(d < 0 for d in shape) or len(shape) > 8 or math.prod(shape) > MAX_ELEMENTS:
        raise BadInput(f"shape {list(shape)} makes no sense", where=where, hint=HINT)
    text = (t.Name() or b"").decode("utf8", "replace")
    if dtype is None:  # refused only where an operator uses it
        return Tensor(text, shape, "void")
    buffer = model.Buffers(t.Buffer())
    data: npt.NDArray[Any] | None = None
    if buffer is not None and buffer.DataLength() > 0:
        raw = buffer.DataAsNumpy().tobytes()
        want = math.prod(shape) * np.dtype(dtype).itemsize
        if len(raw) != want:
            raise BadInput(
                f"holds {len(raw)} bytes, its shape needs {want}", where=where, hint=HINT
            )
        data = np.frombuffer(raw, np.dtype(dtype).newbyteorder("<")).reshape(shape)
    return Tensor(text, shape, dtype, _quantisation(t.Quantization(), shape, where), data)


def _quantisation(q: Any, shape: tuple[int, ...], where: str) -> Quantisation | None:
    if q is None or q.ScaleLength() == 0:
        return None
    scales = tuple(float(s) for s in q.ScaleAsNumpy())
    zero_points = tuple(int(z) for z in q.ZeroPointAsNumpy()) if q.ZeroPointLength() else (0,)
    if len(zero_points) == 1:
        zero_points *= len(scales)
    if not all(math.isfinite(s) and s > 0 for s in scales):
        raise BadInput("a quantisation scale is not a positive number", where=where, hint=HINT)
    if len(zero_points) != len(scales):
        raise BadInput(
            f"{len(scales)} scales but {len(zero_points)} zero points", where=where, hint=HINT
        )
    # Some exporters leave a wrong axis on 1-D tensors (biases); only 0 is possible there.
    axis = 0 if len(shape) <= 1 else int(q.QuantizedDimension())
    if len(scales) > 1 and (not 0 <= axis < len(shape) or shape[axis] != len(scales)):
        raise BadInput(
            f"{len(scales)} scales along axis {axis} of shape {list(shape)}", where=where, hint=HINT
        )
    return Quantisation(scales, zero_points, axis)


def _operator(model: Any, op: Any, index: int, tensors: int, name: str) -> Operator:
    where = f"{name}, operator {index}"
    code = model.OperatorCodes(op.OpcodeIndex())
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    op_name = OPERATOR_NAMES.get(number, f"number {number}")
    if op_name == "CUSTOM":
        op_name = f"CUSTOM {(code.CustomCode() or b'?').decode('utf8', 'replace')}"
    inputs = tuple(int(op.Inputs(i)) for i in range(min(op.InputsLength(), 1000)))
    outputs = tuple(int(op.Outputs(i)) for i in range(min(op.OutputsLength(), 1000)))
    if any(not -1 <= i < tensors for i in inputs) or any(not 0 <= i < tensors for i in outputs):
        raise BadInput("names a tensor that is not there", where=f"{where} {op_name}", hint=HINT)
    return Operator(index, op_name, inputs, outputs, _options(op))


def _options(op: Any) -> dict[str, Any]:
    """The option table's scalar fields in snake_case, enumerations by name."""
    table = op.BuiltinOptions()
    class_name = OPTIONS_NAMES.get(op.BuiltinOptionsType(), "NONE")
    if table is None or class_name == "NONE":
        return {}
    options = getattr(schema, class_name)()
    options.Init(table.Bytes, table.Pos)
    fields: dict[str, Any] = {}
    for attribute in vars(type(options)):
        if attribute in ("Init", "GetRootAs") or attribute.startswith(("_", "GetRootAs")):
            continue
        if attribute.endswith(("Length", "AsNumpy", "IsNone", "BufferHasIdentifier")):
            continue
        if hasattr(options, f"{attribute}Length"):
            continue  # a vector; operators that need one read it from their tensors
        value = getattr(options, attribute)()
        key = re.sub(r"(?<!^)(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])", "_", attribute).lower()
        if key == "padding":
            value = PADDINGS[value]
        elif key == "fused_activation_function":
            value = ACTIVATIONS[value]
        fields[key] = value
    return fields


def _check_order(graph: Graph) -> None:
    """Every operator reads only what is constant, the input, or written before; writes are new."""
    known = {i for i, t in enumerate(graph.tensors) if t.data is not None} | {graph.input, -1}
    for op in graph.operators:
        where = f"{graph.name}, operator {op.index} {op.name}"
        if not set(op.inputs) <= known:
            missing = sorted(set(op.inputs) - known)[0]
            raise BadInput(f"reads tensor {missing} before it is written", where=where, hint=HINT)
        if known & set(op.outputs) or len(set(op.outputs)) != len(op.outputs):
            raise BadInput("writes a tensor that already has a value", where=where, hint=HINT)
        known |= set(op.outputs)
    if graph.output not in known:
        raise BadInput("no operator writes the model's output", where=graph.name, hint=HINT)


def _check_types(graph: Graph) -> None:
    for i in {graph.input, graph.output} | {o for op in graph.operators for o in op.outputs}:
        t = graph.tensors[i]
        where = f"{graph.name}, tensor {i} {t.name}"
        if t.count == 0:
            raise BadInput(f"shape {list(t.shape)} holds no element", where=where, hint=HINT)
        if t.dtype not in ("int8", "float32"):
            raise BadInput(
                f"type {t.dtype}; boardless runs int8 and float32",
                where=where,
                hint="convert the model with full-integer int8 quantisation",
            )
        if t.dtype == "int8" and (t.quantisation is None or len(t.quantisation.scales) != 1):
            raise BadInput("an int8 activation needs one scale", where=where, hint=HINT)
        if len(t.shape) == 4 and t.shape[0] != 1:
            raise BadInput(
                f"batch size {t.shape[0]}; boardless runs one picture at a time",
                where=where,
                hint="export the model with batch size 1",
            )
