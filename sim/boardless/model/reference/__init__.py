"""Predictions of an interpreter on this machine: what the device is held against.

answer = ask(model.reference, pictures.inputs, profile="tflm")
answer.outputs, answer.by        # "TensorFlow Lite Micro 0.dev20261023182759"

The profile names the interpreter. Where that refuses a model, or dies of it, the next one that the
profile names answers, and the answer says so.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from boardless.core import paths
from boardless.core.errors import BadInput, BoardlessError, ToolFailed
from boardless.core.store import Store
from boardless.model import profiles
from boardless.model.profiles import Answerer, Profile
from boardless.model.reference import interpreter

Array = npt.NDArray[Any]
Advance = Callable[[int], None]


def nothing(n: int) -> None:
    """Tells no progress."""


@dataclass(frozen=True)
class Answer:
    """Raw `outputs` (N, values), and who has computed them."""

    outputs: Array
    by: str  # such as "LiteRT 2.3.0, reference kernels"
    profile: str  # whose interpreter that is: how a firmware has to round to give the same
    instead: str = ""  # why it was not the first that the profile names


def predict(
    content: bytes,
    inputs: Array,
    progress: Advance = nothing,
    keep_state: bool = False,
    profile: str = profiles.DEFAULT,
) -> Array:
    """Raw outputs (N, classes) of the .tflite `content` on inputs (N, ...).

    A uint8 model takes and gives int8 here, 128 less, as on the device. With `keep_state` the
    model's variables live from one input to the next; else each input finds their first values.
    """
    return ask(content, inputs, progress, keep_state, profile).outputs


def ask(
    content: bytes,
    inputs: Array,
    progress: Advance = nothing,
    keep_state: bool = False,
    profile: str = profiles.DEFAULT,
) -> Answer:
    """Returns the outputs as `predict` does, with the name of the interpreter that has computed
    them. ToolMissing where the profile's package is not installed; where none of its interpreters
    answers, what the first of them says."""
    wanted = profiles.load(profile)
    wanted.need()
    patched, first, advance = with_possible_axes(content), None, _Once(progress)
    for by, answerer, name in _answerers(wanted):
        try:
            with interpreter.borrowed(answerer) as found:
                outputs = found.predict(patched, inputs, advance.begin(), keep_state)
        except (BadInput, ToolFailed) as error:
            first = first or error
            continue
        return Answer(outputs, by, name, first.what if first else "")
    assert first
    raise first


class _Once:
    """Progress of inputs that another interpreter may begin again: each counts once."""

    def __init__(self, progress: Advance) -> None:
        self.progress, self.shown = progress, 0

    def begin(self) -> Advance:
        """Returns what an interpreter is to call that begins with the first input."""
        done = 0

        def advance(n: int) -> None:
            nonlocal done
            done += n
            if done > self.shown:
                self.progress(done - self.shown)
                self.shown = done

        return advance


def _answerers(profile: Profile) -> Iterator[tuple[str, Answerer, str]]:
    """Yields what may answer in turn: the name that outputs give it, the interpreter, and the
    profile that it is of."""
    following = [profiles.load(name) for name in profile.after]
    for asked in (profile, *(p for p in following if p.version() is not None)):
        for answerer in asked.answerers:
            name = f"{asked.title} {asked.version()}"
            named = f"{name}, {answerer.about}" if answerer.about else name
            yield named, answerer, asked.name


def check(content: bytes, name: str, profile: str = profiles.DEFAULT) -> Answer:
    """Returns an answer without outputs: who takes the model `name`. BadInput says why nobody
    does. A model on whose inputs an interpreter dies is taken by it here."""
    try:
        return ask(content, np.zeros((0, 1), np.int8), profile=profile)
    except BoardlessError as error:
        error.where = name
        raise


def predict_once(content: bytes, inputs: Array) -> Array:
    """Returns what `predict` returns, but does not compute again what it finds in a store."""
    return ask_once(content, inputs).outputs


def ask_once(
    content: bytes,
    inputs: Array,
    progress: Advance = nothing,
    keep_state: bool = False,
    profile: str = profiles.DEFAULT,
) -> Answer:
    """Returns what `ask` returns, but does not compute again what it finds in a store by the
    model, the inputs, the profile and the interpreters."""
    store = Store(paths.build_root() / "reference")
    key = _key(content, inputs, keep_state, profile)
    known = store.get(key)
    if isinstance(known, Answer):
        progress(len(inputs))
        return known
    found = ask(content, inputs, progress, keep_state, profile)
    store.put(key, found)
    return found


def _key(content: bytes, inputs: Array, keep_state: bool, profile: str) -> str:
    """Returns 64 hex digits over all that the outputs depend on."""
    answerers = list(_answerers(profiles.load(profile)))
    digest = hashlib.sha256(f"{profile} {answerers} {len(content)}\0".encode() + content)
    for source in (Path(__file__), interpreter.WORKER, *(a.file for _, a, _ in answerers)):
        digest.update(source.read_bytes())
    digest.update(f"{inputs.dtype} {inputs.shape} {keep_state}\0".encode())
    digest.update(np.ascontiguousarray(inputs).tobytes())
    return digest.hexdigest()


def with_possible_axes(content: bytes) -> bytes:
    """Returns the file with a possible axis of scales in tensors of one dimension, or of one scale.
    Some exporters wrote another one, which older interpreters accepted and this one refuses."""
    model = schema.Model.GetRootAs(content, 0)
    patched = bytearray(content)
    graph = model.Subgraphs(0)
    for tensor in map(graph.Tensors, range(graph.TensorsLength())):
        q = tensor.Quantization()
        one = tensor.ShapeLength() <= 1 or (q is not None and q.ScaleLength() == 1)
        if q is not None and one and q.QuantizedDimension() != 0:
            struct.pack_into("<i", patched, q._tab.Pos + q._tab.Offset(16), 0)
    return bytes(patched)
