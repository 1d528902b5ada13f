"""The layers of a TinyMaix model on their way into its file.

packer = Packer(graph, "int8")
packer.add(0, operator, DENSE, (1, 24), body)
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.model import traits
from boardless.model.graph import Graph, Operator, Tensor

CONVOLUTION, MEAN, DENSE, SOFTMAX, DEPTHWISE, SUM = 0, 1, 2, 3, 5, 6  # its numbers of layers
ACTIVATIONS = {(-np.inf, np.inf): 0, (0.0, np.inf): 1, (0.0, 6.0): 3}  # of real values
LAYER_HEAD, PLACES = struct.Struct("<HHIII4H4H"), struct.Struct("<III")
SCALING_BYTES = 16  # scales and zero points of input and output, behind a layer's head


class RefusedError(Exception):
    """TinyMaix does not compute this; the message says why."""


@dataclass
class Part:
    """A layer on its way: `body` is what follows its head."""

    operator: int
    kind: int
    source: int  # tensors
    target: int
    shape: tuple[int, ...]  # of the source
    body: bytes = b""
    other: int = -1  # the second source of a sum


@dataclass(frozen=True)
class Padded:
    """A tensor with zeros around it, which a convolution adds."""

    source: int
    shape: tuple[int, ...]  # of the source
    around: npt.NDArray[Any]  # (4, 2)


@dataclass
class Packer:
    """A graph whose operators become parts one after the other, and what they need of TinyMaix's
    buffers."""

    graph: Graph
    dtype: str
    parts: list[Part] = field(default_factory=list)
    same: dict[int, int] = field(default_factory=dict)  # another shape of a tensor
    padded: dict[int, Padded] = field(default_factory=dict)
    channels: int = 1
    taps: int = 1
    values: int = 1

    def tensor(self, number: int) -> Tensor:
        return self.graph.tensors[number]

    def data(self, op: Operator, number: int) -> npt.NDArray[Any] | None:
        """Returns the constant that an operator's input is, None where it is none or missing."""
        present = len(op.inputs) > number and op.inputs[number] >= 0
        return self.tensor(op.inputs[number]).data if present else None

    def weights(self, op: Operator) -> npt.NDArray[Any]:
        """Returns an operator's weights in the model's type."""
        found = self.data(op, 1)
        if found is None or found.dtype != np.dtype(self.dtype):
            raise RefusedError(f"its weights have to be {self.dtype} constants")
        return found

    def source(self, op: Operator) -> int:
        """Returns the tensor that an operator reads, under its first shape."""
        number = self.same.get(op.inputs[0], op.inputs[0])
        if number in self.padded:
            raise RefusedError("it pads nothing but the input of a convolution")
        return number

    def add(self, place: int, op: Operator, kind: int, shape: tuple[int, ...], body: bytes) -> None:
        self.parts.append(Part(place, kind, self.source(op), op.outputs[0], shape, body))

    def activation(self, op: Operator) -> int:
        """Returns TinyMaix's number of the activation that an operator ends with."""
        named = op.options.get("fused_activation_function", "NONE")
        bounds = traits.bounds(named)
        if bounds not in ACTIVATIONS:
            raise RefusedError(f"it does not know the activation {named}")
        return ACTIVATIONS[bounds]

    def no_activation(self, op: Operator) -> None:
        """Raises RefusedError where an operator ends with an activation."""
        if self.activation(op):
            raise RefusedError("it computes such a layer without an activation only")

    def constants(self, op: Operator, at: int, rows: npt.NDArray[Any], scales: int) -> bytes:
        """Returns three places, counted from the layer's begin, and what lies there: scales,
        weights (`rows`, one for each output channel) and bias. `at` is the first place's."""
        bias = self.data(op, 2)
        sums = np.zeros(len(rows), rows.dtype) if bias is None else bias
        lead = b""
        if self.dtype == "int8":
            q, of_input = self.tensor(op.inputs[1]).quantisation, self.tensor(op.inputs[0])
            if q is None or of_input.quantisation is None or any(q.zero_points):
                raise RefusedError("its weights have to be symmetric")
            if scales == 1 and len(q.scales) > 1:
                raise RefusedError("its dense layers have one scale for all weights")
            factors = np.broadcast_to(np.array(q.scales, "<f4"), (scales,))
            lead = aligned(factors.tobytes())
            offset = of_input.quantisation.zero_point * rows.astype(np.int64).sum(axis=1)
            sums = (sums.astype(np.int64) - offset).astype("<i4")
        taps = aligned(rows.tobytes())
        first = at + PLACES.size
        gap = -first % 8
        first += gap
        places = PLACES.pack(first, first + len(lead), first + len(lead) + len(taps))
        return places + bytes(gap) + lead + taps + aligned(sums.tobytes())


def aligned(content: bytes) -> bytes:
    return content + bytes(-len(content) % 8)
