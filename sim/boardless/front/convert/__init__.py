"""Converts a model of Keras, PyTorch or ONNX to .tflite, and says what int8 loses, and where.

found = convert(Request("net.keras", calibration=Path("pictures")), progress)
found.path, found.agreement, found.layers

The converters are others' packages. One runs in a process of its own, with temporary files in a
folder that is removed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from boardless.core import files, scratch
from boardless.core.errors import BadInput, BoardlessError, ToolFailed
from boardless.data import meaning, pictures
from boardless.data.records import Pictures
from boardless.front.convert import sources
from boardless.front.convert.child import Converter
from boardless.judge import suspicions
from boardless.judge.conversions import Converted, Request, Seen
from boardless.model import compiler, graph, reference, zoo
from boardless.model.compiler import shapes
from boardless.model.reference import layers
from boardless.path import Progress, quiet

TYPES = ("int8", "float32")
CALIBRATION = 256  # pictures at most: more change the ranges by little, and take long
LAYERS = 16  # pictures at most by which layers are compared


@dataclasses.dataclass(frozen=True)
class Made:
    """The files that a converter has made, and the pictures for them."""

    versions: dict[str, str]
    float32: zoo.Model
    int8: zoo.Model | None = None
    fed: Pictures | None = None  # to measure with
    calibrated: int = 0  # pictures that set the ranges


def convert(request: Request, progress: Progress = quiet) -> Converted:
    """Writes the .tflite that is asked for. BadInput where the model or the pictures cannot be
    used, ToolMissing without the converter, ToolFailed where it fails."""
    name, path, function = sources.find(request.source)
    target = request.output or Path(path.with_suffix(".tflite").name)
    if request.dtype == "int8" and request.ranges is None:
        raise BadInput(
            "int8 needs pictures that set its ranges",
            where=request.source,
            hint="--calibrate PATH, some 100 pictures of all kinds, or --dtype float32",
        )
    with (
        scratch.folder("convert") as folder,
        _log(request.log) as log,
        Converter(name, request.python, log, folder) as converter,
    ):
        made = _made(request, path, function, converter, progress)
    written = made.int8 or made.float32
    files.write(target, written.content)
    progress(f"{request.source} comparing", 0, 0)
    found = Converted(
        request, name, made.versions, target, _seen(made.float32), refused=_refusal(written)
    )
    return _compared(found, made)


def _made(
    request: Request, path: Path, function: str, converter: Converter, progress: Progress
) -> Made:
    """Returns what the converter makes of the model."""
    folder = converter.folder
    progress(f"{request.source} converting", 0, 0)
    about = converter.float32(path, function, folder / "float32.tflite")
    exact = _model(folder / "float32.tflite", path.stem)
    if exact.graph.more_inputs:
        raise BadInput("the model has several inputs", where=request.source)
    meant = None
    if about.pixels:
        meant = meaning.Meaning(about.pixels, f"{request.source} begins by scaling such pixels")
    fed = _pictures(exact, request, request.measured, request.labels, meant=meant)
    if request.dtype == "float32":
        return Made(about.versions, exact, None, fed)
    ranges = fed
    if request.ranges != request.measured:
        ranges = _pictures(exact, request, request.ranges, meant=meant)
    assert ranges is not None
    inputs = ranges.inputs[:CALIBRATION]
    np.save(folder / "inputs.npy", inputs)
    progress(f"{request.source} quantising", 0, 0)
    converter.int8(path, folder / "inputs.npy", folder / "int8.tflite")
    rounded = _model(folder / "int8.tflite", path.stem)
    return Made(about.versions, exact, rounded, fed, len(inputs))


def _compared(found: Converted, made: Made) -> Converted:
    """Returns the result with how good the files are, and what each layer loses."""
    fed = made.fed
    if fed is None:
        return found
    warnings = *fed.doubts, *suspicions.find(fed, _outputs(made.float32, fed.inputs))
    found = dataclasses.replace(
        found, float32=_seen(made.float32, fed, fed.inputs), fed=fed, warnings=warnings
    )
    if made.int8 is None:
        return found
    levels = pictures.levels(fed.inputs, made.int8.graph.input_tensor)
    exact, rounded = (layers.Network(m.content, m.graph) for m in (made.float32, made.int8))
    found = dataclasses.replace(
        found, int8=_seen(made.int8, fed, levels), calibrated=made.calibrated
    )
    try:
        by_layer = layers.compare(exact, rounded, fed.inputs[:LAYERS], levels[:LAYERS])
    except (BadInput, ToolFailed) as error:
        # The reference kernels can refuse what another interpreter takes, which has no tensors.
        text = f"the error of each layer is not known: {error.what}"
        return dataclasses.replace(found, warnings=(*found.warnings, text))
    return dataclasses.replace(found, layers=by_layer)


def _seen(
    model: zoo.Model, fed: Pictures | None = None, inputs: npt.NDArray[Any] | None = None
) -> Seen:
    """Returns the classes that LiteRT's reference kernels find."""
    one = model.graph.more_outputs or model.graph.output_tensor.count < 2
    if fed is None or inputs is None or one:
        return Seen(model.content)
    top = _outputs(model, inputs).argmax(axis=1)
    return Seen(model.content, top, None if fed.labels is None else int((top == fed.labels).sum()))


def _outputs(model: zoo.Model, inputs: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return reference.predict_once(model.content, inputs)


def _refusal(model: zoo.Model) -> str:
    """Returns why boardless cannot run a file."""
    try:
        compiler.compile_graph(model.graph, ())
    except BoardlessError as error:
        return error.what
    return ""


@contextlib.contextmanager
def _log(path: Path | None) -> Iterator[IO[bytes]]:
    """A file for what a converter writes; a temporary one where nobody has named one."""
    with path.open("w+b") if path else tempfile.TemporaryFile() as file:
        yield file


def _model(path: Path, name: str) -> zoo.Model:
    content = path.read_bytes()
    return zoo.Model(name, content, shapes.settled(graph.read(content, name)), None)


def _pictures(
    model: zoo.Model,
    request: Request,
    path: Path | None,
    labels: Path | None = None,
    *,
    meant: meaning.Meaning | None = None,
) -> Pictures | None:
    if path is None:
        return None
    return pictures.load(
        model, path, request.limit, request.pixels, labels, unlabelled=True, meant=meant
    )
