"""A model as a C++ class for sketches, and a picture for the sketch to classify.

values = of(model, names)       # None for a model that is no classifier of one input
api.render("sketch_class.h.j2", values | ...)

Pixels become inputs by a table of 256 values that the same code has computed as `boardless run`
uses, so that a sketch predicts of a picture what the reference does.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.data import meaning, pictures
from boardless.front.standalone.api import Names, Port
from boardless.model import traits
from boardless.model.compiler.emit import number
from boardless.model.graph import Graph, Tensor
from boardless.model.zoo import Model, Scaling

COLOURS = (1, 3)  # channels of a picture: gray, RGB
PER_LINE = 12
ENDS = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767)}
Numbers = npt.NDArray[Any]


def of(model: Model, names: Names) -> dict[str, Any] | None:
    """Returns what the templates print; None where the model has several inputs or outputs, or
    values that are neither real numbers nor stand for some."""
    graph = model.graph
    if len(names.inputs) != 1 or len(names.outputs) != 1:
        return None
    (source,), (target,) = names.inputs, names.outputs
    if not all(port.quantised or port.dtype == "float32" for port in (source, target)):
        return None
    scaling = _scaling(model)
    labels = model.results.classes if model.results else map(str, range(target.count))
    low, high = ENDS.get(source.dtype, (0, 0))
    return {
        "cls": class_name(names.prefix),
        "input": source,
        "output": target,
        "shape": "x".join(map(str, graph.input_tensor.shape[1:])),
        "low": low,
        "high": high,
        "soft": target.count > 1 and _gives_sums(graph),
        "scaling": scaling,
        "pixels": _lines(_levels(graph.input_tensor, source, scaling)) if scaling else [],
        "labels": [_quoted(label) for label in labels],
        **_picture(model, source, scaling),
    }


def class_name(prefix: str) -> str:
    """Returns the name of the class: digits_cnn_int8 -> DigitsCnnInt8."""
    return "".join(part.capitalize() for part in prefix.split("_"))


def _scaling(model: Model) -> Scaling | None:
    """Returns the meaning of pixels 0..255, None for a model that does not take pictures."""
    tensor = model.graph.input_tensor
    if len(tensor.shape) != 4 or tensor.shape[3] not in COLOURS:
        return None
    if model.results:
        return model.results.input
    if tensor.dtype == "float32":
        return meaning.USUAL["0..1"]
    return meaning.of(model.graph).scaling


def _levels(tensor: Tensor, port: Port, scaling: Scaling) -> Numbers:
    """Returns the input's value of each pixel 0..255, in the type of the C."""
    every = np.arange(256, dtype=np.uint8)
    found = pictures.as_inputs(every, replace(tensor, shape=(1,)), scaling)
    return (found.view(np.uint8) ^ 0x80) if port.unsigned else found


def _gives_sums(graph: Graph) -> bool:
    """Returns True where the outputs are sums of products, which training has taken the softmax
    of."""
    at = graph.output
    for op in reversed(graph.operators):
        if at in op.outputs:
            known = traits.of(op.name)
            if known.form is not traits.Form.SHAPE and not known.converts:
                return known.weighted
            at = op.inputs[0]
    return False


def _picture(model: Model, port: Port, scaling: Scaling | None) -> dict[str, Any]:
    """Returns the first of the pictures that `boardless run` takes of this model: a held-out one
    where its data set is here, else a generated one."""
    found = pictures.load(model, None, 1)
    tensor = model.graph.input_tensor
    known = found.labels is not None and len(found.classes) > 0
    if scaling:
        rows = _lines(pictures.as_pixels(found.inputs[0], tensor, scaling))
    else:
        real = found.inputs[0].astype(np.float32)
        if port.quantised:
            zero = port.zero_point - (128 if port.unsigned else 0)
            real = (real - np.float32(zero)) * np.float32(port.scale.rstrip("f"))
        rows = _lines(real)
    return {
        "type": "uint8_t" if scaling else "float",
        "count": port.count,
        "rows": rows,
        "origin": f"A picture of {_plain(found.origin)}" if known else "A generated picture",
        "label": _plain(found.classes[found.labels[0]])
        if known and found.labels is not None
        else "",
    }


def _lines(values: Numbers) -> list[str]:
    """Returns lines of C literals."""
    texts = [number(v) for v in values.reshape(-1).tolist()]
    return [", ".join(texts[at : at + PER_LINE]) for at in range(0, len(texts), PER_LINE)]


def _quoted(text: str) -> str:
    """Returns a C string."""
    return '"' + _plain(text) + '"'


def _plain(text: str) -> str:
    """Returns text that can stand in a comment and in a string."""
    return re.sub(r"[^\w .:,;()+-]", "_", text, flags=re.ASCII)
