"""Edits of a .tflite that change no result, for what BakeNN's reader insists on and LiteRT ignores.

content, notes = edited(content)
first = cut(content, operators=27, output=84)
"""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from boardless.model.graph.options import names

SHOWN = 8  # numbers that a sentence names
OPERATORS = names(schema.BuiltinOperator)
OPTIONS = "options, which were missing and are the defaults now"
BIASES = (
    "scale of the bias, which is exactly that of input times weights now, as LiteRT computes it"
)
BATCHES = "batch size, which the file left open and is 1 now"


def edited(content: bytes) -> tuple[bytes, list[str]]:
    """Returns (the file as BakeNN takes it, a sentence for each kind of edit)."""
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    notes: dict[str, list[int]] = {OPTIONS: [], BIASES: [], BATCHES: []}
    for subgraph in model.subgraphs:
        for number, tensor in enumerate(subgraph.tensors):
            if tensor.shapeSignature is not None and -1 in [*tensor.shapeSignature]:
                tensor.shapeSignature = None
                notes[BATCHES].append(number)
        for number, operator in enumerate(subgraph.operators):
            if _give_options(model, operator):
                notes[OPTIONS].append(number)
            if _settle_bias(subgraph, operator):
                notes[BIASES].append(number)
    return _packed(model, content), [_sentence(*each) for each in notes.items() if each[1]]


def _sentence(what: str, numbers: list[int]) -> str:
    kind = "tensor" if what == BATCHES else "operator"
    several = "s" if len(numbers) > 1 else ""
    named = ", ".join(map(str, numbers[:SHOWN]))
    more = f" and {len(numbers) - SHOWN} more" if len(numbers) > SHOWN else ""
    return f"edited for BakeNN, {kind}{several} {named}{more}: {what}"


def cut(content: bytes, operators: int, output: int) -> bytes:
    """Returns the file with the first operators only, which leave the tensor `output`."""
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    [subgraph] = model.subgraphs
    subgraph.operators = subgraph.operators[:operators]
    subgraph.outputs = np.array([output], np.int32)
    model.signatureDefs = None
    return _packed(model, content)


def _packed(model: Any, content: bytes) -> bytes:
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _give_options(model: Any, operator: Any) -> bool:
    """Gives an operator without options those of its kind."""
    if operator.builtinOptionsType != schema.BuiltinOptions.NONE:
        return False
    kind = OPERATORS.get(model.operatorCodes[operator.opcodeIndex].builtinCode, "")
    name = kind.title().replace("_", "") + "Options"
    if not hasattr(schema.BuiltinOptions, name):
        return False
    operator.builtinOptionsType = getattr(schema.BuiltinOptions, name)
    operator.builtinOptions = getattr(schema, f"{name}T")()
    return True


def _settle_bias(subgraph: Any, operator: Any) -> bool:
    """Gives an int32 bias the scales of its products: the interpreter computes with those of input
    and weights, and never reads the bias's own."""
    inputs = [int(i) for i in operator.inputs]
    if len(inputs) != 3 or min(inputs) < 0:
        return False
    source, weights, bias = (subgraph.tensors[i] for i in inputs)
    scales = [_scales(tensor) for tensor in (source, weights, bias)]
    if bias.type != schema.TensorType.INT32 or any(s is None for s in scales):
        return False
    of_input, of_weights, of_bias = scales
    wanted = (np.float64(of_input[0]) * of_weights.astype(np.float64)).astype(np.float32)
    if len(wanted) == len(of_bias) and (wanted == of_bias).all():
        return False
    bias.quantization.scale = wanted
    bias.quantization.zeroPoint = np.zeros(len(wanted), np.int64)
    bias.quantization.quantizedDimension = 0
    return True


def _scales(tensor: Any) -> Any:
    found = None if tensor.quantization is None else tensor.quantization.scale
    return None if found is None or not len(found) else np.asarray(found, np.float32)
