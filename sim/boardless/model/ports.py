"""Several inputs and outputs of a model as one each: their bytes one after another.

fed = ports.packed(graph, {"x": x, "state": state})     # (N, bytes), what the device gets
values = ports.values(graph, outputs)                   # of (N, bytes), what it gives

The device, the protocol and the reference interpreter hand over one array of bytes per picture, in
the order of the file, without gaps. A model with one input and one output has no such array: its
input and output are as they are.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.core.errors import BadInput
from boardless.model import traits
from boardless.model.graph import Graph, Tensor

Array = npt.NDArray[Any]


def joined(tensors: Sequence[Tensor], what: str) -> Tensor:
    """Returns the one tensor, or the bytes of several as an int8 tensor (1, bytes)."""
    if len(tensors) == 1:
        return tensors[0]
    return Tensor(what, (1, sum(t.nbytes for t in tensors)), "int8")


def fed(graph: Graph) -> Tensor:
    """Returns what a picture of the model consists of."""
    return joined([graph.tensors[i] for i in graph.inputs], "inputs")


def given(graph: Graph) -> Tensor:
    """Returns what an inference gives: the output, or the bytes of several."""
    return joined([graph.tensors[i] for i in graph.outputs], "outputs")


def layout(graph: Graph) -> list[str]:
    """Returns a line for the inputs and one for the outputs, where there are several, that says
    which bytes are whose."""
    lines = []
    for what, numbers in (("input", graph.inputs), ("output", graph.outputs)):
        tensors = [graph.tensors[i] for i in numbers]
        if len(tensors) > 1:
            at = zip(itertools.pairwise(offsets(tensors)), tensors, strict=True)
            texts = [f"{begin}..{end - 1} {tensor.type_and_shape}" for (begin, end), tensor in at]
            lines.append(f"bytes of the {what}s, one after another: {', '.join(texts)}")
    return lines


def offsets(tensors: Sequence[Tensor]) -> list[int]:
    """Returns the byte at which each tensor begins, and the one behind the last."""
    return [0, *itertools.accumulate(t.nbytes for t in tensors)]


def names(tensors: Sequence[Tensor]) -> list[str]:
    """Returns a name for each input: its own without what exporters add, else its number."""
    found = []
    for number, tensor in enumerate(tensors):
        name = tensor.name.removeprefix("serving_default_").partition(":")[0]
        found.append(name if name and name not in found else f"input_{number}")
    return found


def packed(graph: Graph, arrays: Mapping[str, Array], where: str) -> Array:
    """Returns (N, bytes) of arrays (N, ...) by the name of each input. BadInput where one is
    missing, or of another shape, type or number."""
    tensors = [graph.tensors[i] for i in graph.inputs]
    parts: list[Array] = []
    for number, (name, tensor) in enumerate(zip(names(tensors), tensors, strict=True)):
        keys = [key for key in (name, tensor.name, f"input_{number}") if key in arrays]
        if not keys:
            raise BadInput(
                f"there is no array {name!r}",
                where=where,
                hint=f"the model's inputs are {_list(graph)}; give an array (N, ...) for each",
            )
        parts.append(_part(arrays[keys[0]], tensor, f"{where}, {keys[0]}"))
    if len({len(part) for part in parts}) != 1:
        counts = ", ".join(str(len(part)) for part in parts)
        raise BadInput(f"its arrays hold {counts} inputs, not the same number", where=where)
    return np.concatenate(parts, axis=1)


def _part(array: Array, tensor: Tensor, where: str) -> Array:
    """Returns (N, bytes) of one array."""
    shape = tensor.shape[1:] if tensor.shape[:1] == (1,) else tensor.shape
    if array.shape[1:] != shape or array.dtype not in (tensor.dtype, tensor.own_dtype):
        text = " x ".join(map(str, array.shape[1:])) or "a number each"
        wanted = " x ".join(map(str, shape)) or "a number each"
        raise BadInput(
            f"{array.dtype} {text}, the model takes {tensor.own_dtype} {wanted}", where=where
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise BadInput("not all are finite numbers", where=where)
    if array.dtype == np.uint8 and tensor.dtype == "int8":
        array = array ^ 0x80
    return np.ascontiguousarray(array).view(np.int8).reshape(len(array), tensor.nbytes)


def _list(graph: Graph) -> str:
    tensors = [graph.tensors[i] for i in graph.inputs]
    pairs = zip(names(tensors), tensors, strict=True)
    return ", ".join(f"{name} ({tensor.type_and_shape})" for name, tensor in pairs)


def noise(graph: Graph, count: int) -> Array:
    """Returns (count, bytes) of random values in each input's range, the same every time; of an
    input that lists the sizes of an output, these."""
    rng = np.random.default_rng(0)
    arrays, sizes = [], _sizes(graph)
    for number in graph.inputs:
        tensor = graph.tensors[number]
        values: Array
        if len(sizes.get(number, ())) == tensor.count:
            values = np.tile(sizes[number], (count, 1))
        elif tensor.dtype == "float32":
            values = rng.random((count, tensor.count), np.float32)
        elif tensor.dtype == "int8" or (tensor.dtype == "int16" and tensor.quantisation):
            limits = np.iinfo(tensor.dtype)
            values = rng.integers(limits.min, limits.max + 1, (count, tensor.count))
        else:
            values = rng.integers(0, 2, (count, tensor.count))
        raw = np.ascontiguousarray(values.astype(tensor.dtype))
        arrays.append(raw.view(np.int8).reshape(count, tensor.nbytes))
    return np.concatenate(arrays, axis=1)


def _sizes(graph: Graph) -> dict[int, tuple[int, ...]]:
    """Returns the sizes that tensors list of the outputs of operators."""
    found = {}
    for op in graph.operators:
        number = traits.of(op.name).sized_by
        if number is not None and number < len(op.inputs):
            found[op.inputs[number]] = graph.tensors[op.outputs[0]].shape
    return found


def values(graph: Graph, outputs: Array) -> Array:
    """Returns the values of all outputs, (N, values) of one type that holds them all, of the bytes
    (N, bytes); of a model with one output `outputs` as they are."""
    if len(graph.outputs) == 1:
        return outputs
    tensors = [graph.tensors[i] for i in graph.outputs]
    at = offsets(tensors)
    parts = [
        np.ascontiguousarray(outputs[:, begin:end]).view(tensor.dtype)
        for (begin, end), tensor in zip(itertools.pairwise(at), tensors, strict=True)
    ]
    return np.concatenate(parts, axis=1)
