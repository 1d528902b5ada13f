"""Pictures for a model: a zoo model's held-out data, a .npz, or a folder of class folders.

pictures = load(model, Path("flowers/val"), limit=64)
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.core.errors import BadInput, BoardlessError
from boardless.data import datasets, decode, npz
from boardless.data.records import Pictures
from boardless.model import ports
from boardless.model.compiler import quantise
from boardless.model.graph import Tensor
from boardless.model.zoo import Model, Scaling

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".ppm", ".pgm", ".webp"}
GENERATED = 64  # pictures where there is no data set
# What pixels 0..255 usually mean to a model.
USUAL = {"0..1": Scaling(1 / 255), "-1..1": Scaling(2 / 255, -1.0), "0..255": Scaling(1.0)}


def load(
    model: Model, path: Path | None, limit: int | None = None, pixels: str | None = None
) -> Pictures:
    """The first `limit` pictures, quantised for the model's input."""
    if model.graph.more_inputs:
        return _several(model, path, limit)
    tensor = model.graph.input_tensor
    if pixels:
        scaling = USUAL[pixels]
    elif model.results:
        scaling = model.results.input
    else:
        scaling = guess(tensor)
    if path is None:
        found = _held_out(model, scaling, limit)
    elif path.is_dir():
        found = _folder(path, tensor, scaling, limit)
    else:
        found = _npz(path, tensor, scaling, limit)
    if not len(found):
        raise BadInput("no pictures", where=str(path), hint="see `boardless run --help`, --images")
    classes = model.graph.output_tensor.count
    if found.labels is not None and classes > 1:
        strange = found.labels[(found.labels < 0) | (found.labels >= classes)]
        if len(strange):
            raise BadInput(
                f"class {strange[0]}: the model tells {classes} classes apart, from 0 on",
                where=str(path or found.origin),
            )
    n = min(limit or len(found), len(found))
    return dataclasses.replace(
        found,
        inputs=found.inputs[:n],
        labels=None if found.labels is None else found.labels[:n],
        groups=None if found.groups is None else found.groups[:n],
        files=found.files[:n],
    )


def _several(model: Model, path: Path | None, limit: int | None) -> Pictures:
    """Returns the bytes of all inputs of a model with several: arrays of a .npz by their names."""
    if path is None:
        return Pictures(
            ports.noise(model.graph, min(limit or GENERATED, GENERATED)),
            None,
            "generated inputs (no --images): accuracy is not known",
        )
    with npz.reading(path, "readable arrays", "name a .npz with an array for each input") as file:
        arrays = {name: file[name] for name in file.files}
    found = ports.packed(model.graph, arrays, str(path))
    if not len(found):
        raise BadInput("no inputs", where=str(path))
    return Pictures(found[: limit or None], None, str(path))


def guess(tensor: Tensor) -> Scaling:
    """Guesses the meaning of an unknown model's pixels: for int8 the usual range that its input's
    range is nearest to, for float32 0..1."""
    if tensor.dtype != "int8":
        return USUAL["0..1"]
    q = quantise.of(tensor)
    low, high = (q.scale * (v - q.zero_point) for v in (-128, 127))
    return min(
        USUAL.values(), key=lambda s: abs(s.offset - low) + abs(255 * s.scale + s.offset - high)
    )


def as_inputs(images: npt.NDArray[Any], tensor: Tensor, scaling: Scaling) -> npt.NDArray[Any]:
    """uint8 pixels (N, H, W, C) -> the model's own type, (N, *shape without the batch)."""
    if images.shape[1:] != tensor.shape[1:]:
        raise BadInput(
            f"pictures are {_by(images.shape[1:])}, the model takes {_by(tensor.shape[1:])}",
            hint="resize them, or choose another model",
        )
    real = as_real(images, scaling)
    if tensor.dtype == "float32":
        return real
    if tensor.dtype != "int8":
        raise BadInput(
            f"the model takes {tensor.dtype}, not pictures",
            hint="give its `inputs` as a .npz",
        )
    q = quantise.of(tensor)
    # a division in single and a sum in double precision: halves away from zero, as TFLite's
    # QUANTIZE rounds, and nothing else
    steps = (real / np.float32(q.scale)).astype(np.float64)
    levels = np.trunc(steps + np.copysign(0.5, steps)) + q.zero_point
    quantised: npt.NDArray[np.int8] = np.clip(levels, -128, 127).astype(np.int8)
    return quantised


def as_real(images: npt.NDArray[Any], scaling: Scaling) -> npt.NDArray[np.float32]:
    """uint8 pixels -> what a float32 model takes, same shape."""
    real: npt.NDArray[np.float32] = images.astype(np.float32) * np.float32(
        scaling.scale
    ) + np.float32(scaling.offset)
    return real


def as_pixels(inputs: npt.NDArray[Any], tensor: Tensor, scaling: Scaling) -> npt.NDArray[np.uint8]:
    """Returns the pixels that as_inputs() has made inputs of, or those next to them where an int8
    input has fewer levels. Same shape."""
    real = inputs.astype(np.float64)
    if tensor.dtype != "float32":
        q = quantise.of(tensor)
        real = (real - q.zero_point) * q.scale
    levels = np.rint((real - scaling.offset) / scaling.scale)
    pixels: npt.NDArray[np.uint8] = np.clip(levels, 0, 255).astype(np.uint8)
    return pixels


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def _held_out(model: Model, scaling: Scaling, limit: int | None) -> Pictures:
    tensor = model.graph.input_tensor
    if model.results is None:
        return _generated(tensor, "generated pictures (no --images): accuracy is not known")
    try:
        data = datasets.held_out(model.results.dataset, limit)
    except BoardlessError as error:
        return _generated(
            tensor, f"generated pictures, agreement only, accuracy is not known ({error})"
        )
    inputs = as_inputs(data.test.images, tensor, scaling)
    origin = f"{data.name} test: {data.origin}"
    return Pictures(inputs, data.test.labels, origin, data.classes, scaling=scaling)


def _generated(tensor: Tensor, origin: str) -> Pictures:
    """Smooth random blobs over the input's whole range, the same every time."""
    rng = np.random.default_rng(0)
    shape = (GENERATED, *tensor.shape[1:])
    noise = rng.random(shape, dtype=np.float32)
    fade = rng.random((GENERATED, *([1] * (len(shape) - 1))), dtype=np.float32)
    real = noise * fade + rng.random(fade.shape, dtype=np.float32) * (1 - fade)
    if tensor.dtype == "float32":
        return Pictures(real, None, origin)
    if tensor.dtype != "int8":  # bool, or small numbers: what they mean is not known
        return Pictures(
            np.rint(real * (1 if tensor.dtype == "bool" else 9)).astype(tensor.dtype), None, origin
        )
    return Pictures((np.rint(real * 255) - 128).astype(np.int8), None, origin)


def _npz(path: Path, tensor: Tensor, scaling: Scaling, limit: int | None) -> Pictures:
    with npz.reading(path, "readable pictures", "name a .npz or a folder of class folders") as file:
        arrays = {k: file[k] for k in ("images", "inputs", "labels", "groups") if k in file.files}
    labels = arrays.get("labels")
    for name in ("images", "inputs"):
        if name in arrays and arrays[name].ndim == 0:
            raise BadInput("one number, not an array", where=f"{path}, {name}")
    if "inputs" in arrays:
        inputs = arrays["inputs"]
        count = len(inputs)
        if inputs.dtype.kind == "f" and not np.isfinite(inputs).all():
            raise BadInput("inputs are not all finite numbers", where=str(path))
        if inputs.shape[1:] != tensor.shape[1:] or inputs.dtype not in (
            tensor.dtype,
            tensor.own_dtype,
        ):
            raise BadInput(
                f"inputs are {inputs.dtype} {_by(inputs.shape[1:])}, "
                f"the model takes {tensor.own_dtype} {_by(tensor.shape[1:])}",
                where=str(path),
            )
        if inputs.dtype != tensor.dtype:  # uint8, 128 more than the int8 of the device
            inputs = (inputs ^ 0x80).view(np.int8)
    elif "images" in arrays and arrays["images"].dtype == np.uint8:
        images = arrays["images"]
        images = images[..., np.newaxis] if images.ndim == 3 else images
        count = len(images)
        try:
            # Only these: what comes out has a multiple of the bytes.
            inputs = as_inputs(images[: limit or None], tensor, scaling)
        except BadInput as error:
            raise BadInput(error.what, where=str(path), hint=error.hint) from error
    else:
        raise BadInput(
            "neither `images` (N, H, W, C) uint8 nor `inputs` in the model's type",
            where=str(path),
        )
    if labels is not None:
        if labels.dtype.kind not in "iu":
            raise BadInput(f"{labels.dtype}, not numbers of classes", where=f"{path}, labels")
        if labels.size != count:
            raise BadInput(f"{labels.size} labels for {count} pictures", where=f"{path}, labels")
        labels = labels.reshape(-1).astype(np.int64)
    return Pictures(
        inputs,
        labels,
        str(path),
        groups=_groups(arrays.get("groups"), count, path),
        scaling=None if "inputs" in arrays else scaling,
    )


def _groups(groups: npt.NDArray[Any] | None, count: int, path: Path) -> tuple[str, ...] | None:
    if groups is None:
        return None
    if groups.dtype.kind not in "Uiub":
        raise BadInput(f"{groups.dtype}, not names or numbers", where=f"{path}, groups")
    if groups.size != count:
        raise BadInput(f"{groups.size} groups for {count} pictures", where=f"{path}, groups")
    return tuple(map(str, groups.reshape(-1).tolist()))


def _folder(path: Path, tensor: Tensor, scaling: Scaling, limit: int | None) -> Pictures:
    """path/<class>/*.jpg; classes in alphabetical order are 0, 1, ... Interleaved by class, so that
    a limit takes some of each."""
    classes = sorted(p.name for p in path.iterdir() if p.is_dir())
    by_class = [
        sorted(f for f in (path / c).iterdir() if f.suffix.lower() in SUFFIXES) for c in classes
    ]
    files = [
        (files[i], label)
        for i in range(max(map(len, by_class), default=0))
        for label, files in enumerate(by_class)
        if i < len(files)
    ][:limit]
    if not files:
        raise BadInput(
            "no pictures in class folders",
            where=str(path),
            hint="expected such as daisy/1.jpg, tulips/7.jpg",
        )
    images = np.stack([_image(f, tensor.shape[1:]) for f, _ in files])
    labels = np.array([label for _, label in files], np.int64)
    return Pictures(
        as_inputs(images, tensor, scaling),
        labels,
        str(path),
        tuple(classes),
        files=tuple(f.relative_to(path).as_posix() for f, _ in files),
        scaling=scaling,
    )


def _image(path: Path, shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    if len(shape) != 3 or shape[2] not in (1, 3):
        raise BadInput(
            f"the model takes {_by(shape)}, not a gray or RGB picture",
            where=str(path),
            hint="give its inputs as a .npz",
        )
    height, width, channels = shape
    return decode.picture(
        path,
        gray=channels == 1,
        size=(width, height),
        hint="resize the pictures first, as the model's training did",
    )
