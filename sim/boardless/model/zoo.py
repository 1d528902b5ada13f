"""Models: of the zoo by name (`digits_cnn:int8`), or a user's own by path.

model = find("digits_cnn:int8")
"""

from __future__ import annotations

import dataclasses
import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from boardless.core import checked, paths
from boardless.core.errors import BadInput
from boardless.model import graph, profiles, structures
from boardless.model.compiler import shapes
from boardless.model.graph.dynamic_range import as_float

TYPES = ("int8", "float32")
LONGEST_NAME = 40  # of a model, in characters
MAX_BYTES = 64 << 20  # no microcontroller's flash is larger


class Scaling(msgspec.Struct, frozen=True):
    """The meaning of a pixel to the model: real = pixel * scale + offset."""

    scale: float
    offset: float = 0.0


class Results(msgspec.Struct, frozen=True):
    """results.toml of a zoo model, written by models/train.py; other keys are for people."""

    name: str
    dataset: str
    data_origin: str
    input_shape: tuple[int, ...]
    classes: tuple[str, ...]
    parameters: int
    test_pictures: int
    input: Scaling
    accuracy: dict[str, float]
    sample_hits: dict[str, int] = {}  # right ones of the first 100 test pictures, by type


@dataclass(frozen=True)
class Model:
    """A .tflite with what is known about it."""

    name: str  # such as digits_cnn:int8, or a file's stem
    content: bytes
    graph: graph.Graph
    results: Results | None  # None: a user's own file

    @property
    def reference(self) -> bytes:
        """The file that the reference interpreter gets: with the weights that the graph has."""
        return as_float(self.content, self.graph)


def names() -> list[str]:
    return sorted(p.parent.name for p in paths.ZOO.glob("*/results.toml"))


def results(name: str) -> Results:
    path = paths.ZOO / name / "results.toml"
    return checked.file(path, Results, f"nox -s train -- {name}")


def unfolded(name: str) -> dict[str, npt.NDArray[np.float32]]:
    """Returns a model's float32 weights as they were trained, with batch normalisation apart, by
    the names of layer-by-layer files: w01 (O, I, K, K), bn01 (4, O), ... Empty where they were not
    kept; BadInput where the file is damaged."""
    path = paths.ZOO / name / "unfolded.npz"
    if not path.is_file():
        return {}
    try:
        with np.load(path) as file:
            return {key: np.asarray(file[key], np.float32) for key in file.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise BadInput(
            "the weights cannot be read", where=str(path), hint=f"nox -s train -- {name}"
        ) from error


def types(name: str) -> list[str]:
    return [t for t in TYPES if (paths.ZOO / name / f"{t}.tflite").is_file()]


def card_accuracy(full: str) -> float | None:
    """Returns the accuracy of NAME:TYPE on all held-out pictures, 0 to 1; None for other models."""
    name, _, kind = full.partition(":")
    return results(name).accuracy.get(kind) if kind and name in names() else None


def find(text: str, profile: str = profiles.DEFAULT) -> Model:
    """MODEL of the command line: NAME, NAME:TYPE (NAME alone is int8), a path to a .tflite, or one
    of the untrained structures. It has to give the bits of the interpreter of `profile`."""
    name = profiles.load(profile).name
    model = _find(text)
    return dataclasses.replace(model, graph=model.graph.replace(profile=name))


def _find(text: str) -> Model:
    name, _, wanted = text.partition(":")
    if name in names():
        kind = wanted or "int8"
        if kind not in types(name):
            raise BadInput(
                f"{name} has no type {kind!r}", hint=f"it has {' and '.join(types(name))}"
            )
        full = f"{name}:{kind}"
        return _load(paths.ZOO / name / f"{kind}.tflite", full, results(name))
    if text in structures.STRUCTURES:
        content = structures.build(text)
        return Model(text, content, shapes.settled(graph.read(content, text)), None)
    path = Path(text)
    if path.suffix == ".tflite" or path.is_file():
        return _load(path, _safe(path.stem), None)
    raise BadInput(
        f"unknown model {text!r}",
        hint=f"a path to a .tflite, or one of {', '.join(names())}, with :int8 or :float32",
    )


def _load(path: Path, name: str, about: Results | None) -> Model:
    try:
        if path.exists() and not path.is_file():  # a pipe would make us wait for ever
            raise BadInput("this is not a file", where=str(path), hint="check the path")
        if path.stat().st_size > MAX_BYTES:
            raise BadInput(
                f"the file has {path.stat().st_size:,} bytes, more than any board's flash",
                where=str(path),
            )
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(
            error.strerror or str(error), where=str(path), hint="check the path"
        ) from error
    return Model(name, content, shapes.settled(graph.read(content, name)), about)


def _safe(stem: str) -> str:
    """A name that fits into C strings, folder names and m-model-[...]: never `.` or `..`. Of a long
    one the end is a digest of all of it, so that no other file's name becomes the same."""
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "_-.") else "_" for c in stem)
    if len(safe) > LONGEST_NAME:
        digest = hashlib.sha256(stem.encode(errors="surrogateescape")).hexdigest()[:8]
        safe = f"{safe[: LONGEST_NAME - 9]}-{digest}"
    return safe if safe.strip(".") else "_" * max(1, len(safe))
