"""Writes the file that TinyMaix interprets: a head, then each layer's head, options and constants.

model = packed(graph, count=27, output=84)

A number is little-endian, and each part takes a multiple of 8 bytes. int8 biases hold what the
input's zero point adds to every sum.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from boardless.model.compiler import plan
from boardless.model.graph import Graph, Tensor
from boardless.runtimes.tinymaix.layers import packers
from boardless.runtimes.tinymaix.parts import (
    LAYER_HEAD,
    SOFTMAX,
    SUM,
    Packer,
    Part,
    RefusedError,
)

__all__ = ["Layer", "Model", "RefusedError", "packed"]
TYPES = {"int8": (0, "TM_MDL_INT8"), "float32": (2, "TM_MDL_FP32")}
HEAD = struct.Struct("<4sBBHHHII4H4H28x")
LARGEST = 0xFFFF  # what the field of a size holds


@dataclass(frozen=True)
class Layer:
    """A layer of a model."""

    operator: int  # its place among the graph's operators
    constant_bytes: int


@dataclass(frozen=True)
class Model:
    """A packed model, and what TinyMaix's buffers have to hold for it."""

    content: bytes
    layers: tuple[Layer, ...]
    operators: int  # of the graph, which it computes
    output: int  # number of the tensor that it leaves
    output_bytes: int
    buffer_bytes: int
    type_name: str
    most_channels: int
    most_taps: int
    most_values: int


def packed(graph: Graph, count: int, output: int) -> Model:
    """Returns the first `count` operators of a model, which leave the tensor `output`; RefusedError
    where TinyMaix does not compute one of them."""
    dtype = graph.input_tensor.dtype
    if dtype not in TYPES:
        raise RefusedError(f"it takes int8 and float32 models, not {dtype}")
    packer = Packer(graph, dtype)
    for place, op in enumerate(graph.operators[:count]):
        try:
            pack = packers().get(op.name)
            if pack is None:
                raise RefusedError("it has no such operator")
            for number in (*op.inputs[:1], *op.outputs):
                if graph.tensors[number].dtype != dtype:
                    raise RefusedError(f"every value of its model is {dtype}")
            pack(packer, place, op)
        except RefusedError as error:
            raise RefusedError(f"operator {op.index} {op.name}: {error}") from None
    if output in packer.padded or not packer.parts:
        raise RefusedError("no operator that it computes is left")
    return _written(packer, count, output)


def _written(packer: Packer, count: int, output: int) -> Model:
    graph, parts = packer.graph, packer.parts
    if any(packer.graph.input in (part.source, part.other) for part in parts[1:]):
        raise RefusedError("its first layer alone reads the model's input")
    last = packer.same.get(output, output)
    if parts[-1].target != last:
        raise RefusedError("its last layer leaves its output")
    offsets, size = _places(packer)
    number, type_name = TYPES[packer.dtype]
    body = b""
    for index, part in enumerate(parts):
        body += _layer(packer, part, offsets, last=index + 1 == len(parts))
    shapes = _dims(graph.input_tensor.shape), _dims(graph.tensors[last].shape)
    head = HEAD.pack(b"MAIX", number, 0, 1, 1, len(parts), size, 0, *shapes[0], *shapes[1])
    layers = tuple(Layer(part.operator, len(part.body)) for part in parts)
    return Model(
        content=head + body,
        layers=layers,
        operators=count,
        output=output,
        output_bytes=graph.tensors[output].nbytes,
        buffer_bytes=size,
        type_name=type_name,
        most_channels=packer.channels,
        most_taps=packer.taps,
        most_values=packer.values,
    )


def _layer(packer: Packer, part: Part, offsets: dict[int, int], *, last: bool) -> bytes:
    source, target = packer.tensor(part.source), packer.tensor(part.target)
    scaling = _scaling(packer, source) + _scaling(packer, target)
    body = part.body
    if part.kind == SUM:
        other = _scaling(packer, packer.tensor(part.other))
        body = struct.pack("<I", offsets[part.other]) + other + bytes(4)
    head = LAYER_HEAD.pack(
        part.kind,
        int(last),
        LAYER_HEAD.size + len(scaling) + len(body),
        offsets.get(part.source, 0),
        offsets[part.target],
        *_dims(part.shape),
        *_dims(target.shape),
    )
    return head + scaling + body


def _scaling(packer: Packer, tensor: Tensor) -> bytes:
    if packer.dtype != "int8":
        return struct.pack("<ff", 1.0, 0.0)
    if tensor.quantisation is None:
        raise RefusedError(f"the tensor {tensor.name} has no scale")
    return struct.pack("<fi", tensor.quantisation.scale, tensor.quantisation.zero_point)


def _dims(shape: Iterable[int]) -> tuple[int, int, int, int]:
    """Returns how many axes there are without the first, and height, width, channels."""
    batch, *axes = shape
    if batch != 1 or not 1 <= len(axes) <= 3 or max(axes) > LARGEST:
        raise RefusedError(f"its maps have up to three axes of up to {LARGEST:,} values")
    height, width, channels = [1] * (3 - len(axes)) + axes
    return len(axes), height, width, channels


def _places(packer: Packer) -> tuple[dict[int, int], int]:
    """Returns (the offset of every tensor in the buffer, the buffer's bytes)."""
    ends = {part.target: step for step, part in enumerate(packer.parts)}
    made = dict(ends)
    for step, part in enumerate(packer.parts):
        for number in {part.source, part.other} & {*ends}:
            ends[number] = step
    buffers = []
    for part in packer.parts:
        tensor = packer.tensor(part.target)
        # A softmax writes real numbers into its output before it rounds them.
        size = 4 * tensor.count if part.kind == SOFTMAX else tensor.nbytes
        buffers.append(plan.Buffer(size, made[part.target], ends[part.target]))
    found = plan.arrange(buffers)
    targets = [part.target for part in packer.parts]
    return dict(zip(targets, found.offsets, strict=True)), plan.aligned(found.arena_bytes)
