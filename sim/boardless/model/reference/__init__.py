"""Predictions of TFLite's reference kernels (BUILTIN_REF): what the device is held against.

outputs = predict(model.content, pictures.inputs)
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from boardless.core.errors import BadInput

# The interpreter's own log would appear in the middle of ours.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def predict(
    content: bytes, inputs: npt.NDArray[Any], progress: Callable[[int], None] = lambda n: None
) -> npt.NDArray[Any]:
    """Raw outputs (N, classes) of the .tflite `content` on inputs (N, ...).

    A uint8 model takes and gives int8 here, 128 less, as on the device.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    try:
        interpreter = Interpreter(
            model_content=_with_possible_axes(content),
            experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
            num_threads=1,
        )
        interpreter.allocate_tensors()
        source = interpreter.get_input_details()[0]
        target = interpreter.get_output_details()[0]["index"]
        outputs = []
        for picture in inputs:
            fed = picture.reshape(source["shape"])
            interpreter.set_tensor(source["index"], _other_sign(fed, source["dtype"], np.int8))
            interpreter.invoke()
            raw = interpreter.get_tensor(target).reshape(-1)
            outputs.append(_other_sign(raw, np.int8, np.uint8))
            progress(1)
    except (RuntimeError, ValueError) as error:
        raise BadInput(
            f"the reference interpreter refuses the model: {str(error).splitlines()[0]}"
        ) from error
    return np.stack(outputs)


def _with_possible_axes(content: bytes) -> bytes:
    """Returns the file with the only possible axis of scales in tensors of one dimension. Some
    exporters wrote another one, which older interpreters accepted and this one refuses."""
    model = schema.Model.GetRootAs(content, 0)
    patched = bytearray(content)
    graph = model.Subgraphs(0)
    for tensor in map(graph.Tensors, range(graph.TensorsLength())):
        q = tensor.Quantization()
        if q is not None and tensor.ShapeLength() <= 1 and q.QuantizedDimension() != 0:
            struct.pack_into("<i", patched, q._tab.Pos + q._tab.Offset(16), 0)
    return bytes(patched)


def _other_sign(
    values: npt.NDArray[Any], wanted: npt.DTypeLike, held: npt.DTypeLike
) -> npt.NDArray[Any]:
    """q + 128 or q - 128, where `values` are `held` and the other of int8 and uint8 is wanted."""
    if values.dtype == held and np.dtype(wanted).itemsize == 1 and values.dtype != wanted:
        return (values.view(np.uint8) ^ 0x80).view(wanted)
    return values
