"""Predictions of TFLite's reference kernels (BUILTIN_REF): what the device is held against.

outputs = predict(model.content, pictures.inputs)
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from boardless.core import paths
from boardless.core.errors import BoardlessError
from boardless.core.store import Store
from boardless.model.reference import interpreter


def predict(
    content: bytes,
    inputs: npt.NDArray[Any],
    progress: Callable[[int], None] = lambda n: None,
    keep_state: bool = False,
) -> npt.NDArray[Any]:
    """Raw outputs (N, classes) of the .tflite `content` on inputs (N, ...).

    A uint8 model takes and gives int8 here, 128 less, as on the device. With `keep_state` the
    model's variables live from one input to the next; else each input finds their first values.
    """
    with interpreter.borrowed() as found:
        return found.predict(_with_possible_axes(content), inputs, progress, keep_state)


def check(content: bytes, name: str) -> None:
    """Returns nothing where the interpreter takes the model `name`; BadInput says why it does
    not."""
    try:
        predict(content, np.zeros((0, 1), np.int8))
    except BoardlessError as error:
        error.where = name
        raise


def predict_once(
    content: bytes,
    inputs: npt.NDArray[Any],
    progress: Callable[[int], None] = lambda n: None,
    keep_state: bool = False,
) -> npt.NDArray[Any]:
    """Returns what `predict` returns, but does not compute again what it finds in a store by the
    model, the inputs and the interpreter."""
    store = Store(paths.build_root() / "reference")
    key = _key(content, inputs, keep_state)
    known = store.get(key)
    if isinstance(known, np.ndarray):
        progress(len(inputs))
        return known
    outputs = predict(content, inputs, progress, keep_state)
    store.put(key, outputs)
    return outputs


def _key(content: bytes, inputs: npt.NDArray[Any], keep_state: bool) -> str:
    """Returns 64 hex digits over all that the outputs depend on."""
    digest = hashlib.sha256(f"{version('ai-edge-litert')} {len(content)}\0".encode() + content)
    for source in (Path(__file__), interpreter.WORKER):
        digest.update(source.read_bytes())
    digest.update(f"{inputs.dtype} {inputs.shape} {keep_state}\0".encode())
    digest.update(np.ascontiguousarray(inputs).tobytes())
    return digest.hexdigest()


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
