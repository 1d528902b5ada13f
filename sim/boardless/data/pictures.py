"""Pictures for a model: a zoo model's held-out data, a .npz, or a folder of class folders.

pictures = load(model, Path("flowers/val"), limit=64)
pictures.mapping    # lines that say which folder is which class, and what a pixel is to the model
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.core.errors import BadInput, BoardlessError
from boardless.data import datasets, folders, meaning, npz
from boardless.data.folders import by
from boardless.data.records import Pictures
from boardless.model import ports
from boardless.model.compiler import quantise
from boardless.model.graph import Graph, Tensor
from boardless.model.zoo import Model, Scaling

GENERATED = 64  # pictures where there is no data set


def load(
    model: Model,
    path: Path | None,
    limit: int | None = None,
    pixels: str | None = None,
    names: Path | None = None,
    *,
    unlabelled: bool = False,
    meant: meaning.Meaning | None = None,
) -> Pictures:
    """Returns the first `limit` pictures, quantised for the model's input. `names` is a file with
    the names of the model's classes, for a folder of class folders. With `unlabelled` a folder may
    hold pictures without class folders. `meant` is what pixels are to the model where its graph
    does not tell it."""
    if names and not (path and path.is_dir()):
        raise BadInput(
            "names of classes are for a folder of class folders",
            where=str(names),
            hint="give it with --images",
        )
    if model.graph.more_inputs:
        return _several(model, path, limit)
    tensor = model.graph.input_tensor
    if pixels in meaning.USUAL:
        scaling = meaning.USUAL[pixels]
    elif model.results and pixels != meaning.AUTO:
        scaling = model.results.input
    else:
        known = meant or (meaning.of(model.graph) if _quantised(tensor) else None)
        scaling = known.scaling if known else meaning.USUAL["0..1"]
    if path is None:
        found = _held_out(model, scaling, limit)
    elif path.is_dir():
        found = _folder(path, model.graph, scaling, limit, names, unlabelled)
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
                hint="have a folder for each class and no other; --labels FILE names the model's "
                "classes in its order"
                if path and path.is_dir()
                else "",
            )
    n = min(limit or len(found), len(found))
    found = dataclasses.replace(
        found,
        inputs=found.inputs[:n],
        labels=None if found.labels is None else found.labels[:n],
        groups=None if found.groups is None else found.groups[:n],
        files=found.files[:n],
    )
    return found if path is None else _described(found, model, scaling, pixels, meant)


def _described(
    found: Pictures,
    model: Model,
    scaling: Scaling,
    pixels: str | None,
    meant: meaning.Meaning | None,
) -> Pictures:
    """Returns a user's pictures with how their pixels were mapped, and what is doubtful there."""
    tensor = model.graph.input_tensor
    least, most = found.inputs.min(), found.inputs.max()
    values = f"{tensor.dtype} {least:.6g}..{most:.6g}"
    known = meant
    if not (known or model.results) and _quantised(tensor):
        known = meaning.of(model.graph)
    doubts = list(found.doubts)
    if not found.pixels:
        line = f"inputs: as they are, {values}"
        scaled = known is not None and tensor.dtype == "float32" and known.name == "0..255"
        if scaled and known and least >= -1 and most <= 1:
            doubts.append(f"inputs are {least:.3g}..{most:.3g}, but {known.why}, as for 0..255")
        return dataclasses.replace(
            found, mapping=(*found.mapping, line), doubts=tuple(doubts), pixels=""
        )
    name = next((k for k, usual in meaning.USUAL.items() if usual == scaling), "")
    if pixels in meaning.USUAL:
        why = "as --pixels says"
    elif known or pixels == meaning.AUTO:
        why = f"{(known or meaning.of(model.graph)).why}; --pixels changes it"
    else:
        why = "as it was trained"
    low, high = scaling.offset, 255 * scaling.scale + scaling.offset
    line = f"pixels: 0..255 are {low:.3g}..{high:.3g} to the model, here {values} ({why})"
    if known and pixels in meaning.USUAL:
        if pixels != known.name and known.known:
            doubts.append(f"--pixels {pixels}, but {known.why}: try --pixels {known.name}")
    elif known and known.warning:
        doubts.append(known.warning)
    return dataclasses.replace(
        found, mapping=(*found.mapping, line), doubts=tuple(doubts), pixels=name or found.pixels
    )


def _quantised(tensor: Tensor) -> bool:
    """Returns whether the input is of a type that pixels can be turned into."""
    if tensor.dtype == "float32" or tensor.own_dtype == "uint8":
        return True
    return tensor.dtype in quantise.TYPES and tensor.quantisation is not None


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


def as_inputs(images: npt.NDArray[Any], tensor: Tensor, scaling: Scaling) -> npt.NDArray[Any]:
    """uint8 pixels (N, H, W, C) -> the model's own type, (N, *shape without the batch)."""
    if images.shape[1:] != tensor.shape[1:]:
        raise BadInput(
            f"pictures are {by(images.shape[1:])}, the model takes {by(tensor.shape[1:])}",
            hint="resize them, or choose another model",
        )
    real = as_real(images, scaling)
    if tensor.dtype == "float32":
        return real
    if not _quantised(tensor):
        raise BadInput(
            f"the model takes {tensor.dtype}, not pictures",
            hint="give its `inputs` as a .npz",
        )
    return levels(real, tensor)


def levels(real: npt.NDArray[np.float32], tensor: Tensor) -> npt.NDArray[Any]:
    """Real values -> levels of a quantised tensor, or themselves for a float32 one. Same shape."""
    if tensor.dtype == "float32":
        return real
    q = quantise.of(tensor)
    # a division in single and a sum in double precision: halves away from zero, as TFLite's
    # QUANTIZE rounds, and nothing else
    steps = (real / np.float32(q.scale)).astype(np.float64)
    rounded = np.trunc(steps + np.copysign(0.5, steps)) + q.zero_point
    quantised: npt.NDArray[Any] = np.clip(rounded, *quantise.ends(tensor)).astype(tensor.dtype)
    return quantised


def as_real(images: npt.NDArray[Any], scaling: Scaling) -> npt.NDArray[np.float32]:
    """uint8 pixels -> what a float32 model takes, same shape."""
    real: npt.NDArray[np.float32] = images.astype(np.float32) * np.float32(
        scaling.scale
    ) + np.float32(scaling.offset)
    return real


def as_pixels(inputs: npt.NDArray[Any], tensor: Tensor, scaling: Scaling) -> npt.NDArray[np.uint8]:
    """Returns the pixels that as_inputs() has made inputs of, or where the levels of a quantised
    input are others, those next to them. Same shape."""
    real = inputs.astype(np.float64)
    if tensor.dtype != "float32":
        q = quantise.of(tensor)
        real = (real - q.zero_point) * q.scale
    levels = np.rint((real - scaling.offset) / scaling.scale)
    pixels: npt.NDArray[np.uint8] = np.clip(levels, 0, 255).astype(np.uint8)
    return pixels


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
    if not _quantised(tensor):  # bool, or small numbers: what they mean is not known
        return Pictures(
            np.rint(real * (1 if tensor.dtype == "bool" else 9)).astype(tensor.dtype), None, origin
        )
    low, high = quantise.ends(tensor)
    return Pictures((np.rint(real * (high - low)) + low).astype(tensor.dtype), None, origin)


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
                f"inputs are {inputs.dtype} {by(inputs.shape[1:])}, "
                f"the model takes {tensor.own_dtype} {by(tensor.shape[1:])}",
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
        pixels="" if "inputs" in arrays else "own",
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


def _folder(
    path: Path,
    graph: Graph,
    scaling: Scaling,
    limit: int | None,
    names: Path | None,
    unlabelled: bool,
) -> Pictures:
    """path/<class>/*.jpg, or with `unlabelled` path/*.jpg where it has no folders of pictures."""
    tensor, count = graph.input_tensor, graph.output_tensor.count
    if unlabelled and (files := folders.unlabelled(path)):
        images = folders.images(files[:limit], tensor.shape[1:])
        inputs = as_inputs(images, tensor, scaling)
        return Pictures(inputs, None, str(path), pixels="own", scaling=scaling)
    found = folders.classes(path, count, limit, names)
    return Pictures(
        as_inputs(folders.images(found.files, tensor.shape[1:]), tensor, scaling),
        np.array(found.labels, np.int64),
        str(path),
        found.names,
        mapping=(found.described,),
        doubts=found.doubts,
        pixels="own",
        files=tuple(f.relative_to(path).as_posix() for f in found.files),
        scaling=scaling,
    )
