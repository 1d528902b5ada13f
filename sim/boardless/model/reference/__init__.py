"""Predictions of TFLite's reference kernels (BUILTIN_REF): what the device is held against.

outputs = predict(model.content, pictures.inputs)
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from boardless.model.reference import interpreter


def predict(
    content: bytes, inputs: npt.NDArray[Any], progress: Callable[[int], None] = lambda n: None
) -> npt.NDArray[Any]:
    """Raw outputs (N, classes) of the .tflite `content` on inputs (N, ...).

    A uint8 model takes and gives int8 here, 128 less, as on the device.
    """
    with interpreter.borrowed() as found:
        return found.predict(_with_possible_axes(content), inputs, progress)


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
