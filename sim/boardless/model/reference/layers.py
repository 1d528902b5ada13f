"""The losses of int8, layer by layer: the noise of each operator's output, and what it adds itself.

found = compare(float32, int8, inputs, levels)     # two graphs of one model, in files
max(found, key=lambda layer: layer.own_noise)

Both files are run by LiteRT's reference kernels, on the same pictures.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.model import reference
from boardless.model.graph import Graph, Operator, Tensor
from boardless.model.reference import interpreter

MOST_BYTES = 1 << 26  # of tensors that are held at a time
MOST_DECIBELS = 99.9  # what no noise at all counts as
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Network:
    """A file and its graph."""

    content: bytes
    graph: Graph


@dataclass(frozen=True)
class Layer:
    """An operator that both files have. Values are those of its output, over all pictures."""

    index: int  # in the quantised file
    op: str
    name: str  # of the output in the quantised file
    decibels: float  # signal to noise; the noise holds that of all layers before. 6 dB are one bit
    own_noise: float  # that the noisiest input did not have yet, by the signal: 0.01 is 1 % of RMS
    largest_error: float
    low: float  # the least value in float32
    high: float


def compare(
    exact: Network, rounded: Network, inputs: npt.NDArray[Any], levels: npt.NDArray[Any]
) -> list[Layer]:
    """Returns the layers that the two files have in common, in order. `inputs` (N, ...) are for
    `exact`, and `levels` are the same ones for `rounded`. BadInput where the interpreter refuses a
    file."""
    pairs = matched(exact.graph, rounded.graph)
    ours = [exact.graph.input, *(op.outputs[0] for op, _ in pairs)]
    theirs = [rounded.graph.input, *(op.outputs[0] for _, op in pairs)]
    sums = [_Sum() for _ in ours]
    run = zip(_run(exact, inputs, ours), _run(rounded, levels, theirs), strict=True)
    for values, seen in run:
        for total, real, near in zip(sums, values, seen, strict=True):
            total.add(real, near)
    at = {tensor: total.ratio for tensor, total in zip(theirs, sums, strict=True)}
    before: dict[int, float] = {}  # operator -> the ratio of its noisiest input
    for op in rounded.graph.operators:
        before[op.index] = max((at[i] for i in op.inputs if i in at), default=0.0)
        for output in op.outputs:  # one that the other file lacks passes the noise on
            at.setdefault(output, before[op.index])
    return [
        Layer(
            index=op.index,
            op=op.name,
            name=rounded.graph.tensors[op.outputs[0]].name,
            decibels=_decibels(total.ratio),
            own_noise=math.sqrt(max(0.0, total.ratio - before[op.index])),
            largest_error=total.largest,
            low=total.low,
            high=total.high,
        )
        for (_, op), total in zip(pairs, sums[1:], strict=True)
    ]


def matched(exact: Graph, rounded: Graph) -> list[tuple[Operator, Operator]]:
    """Returns operators that do the same: those of one name in the same order, of equal shapes.
    What only one of the files has, such as conversions between types, is left out."""
    ours, theirs = ([op.name for op in graph.operators] for graph in (exact, rounded))
    found = difflib.SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks()
    pairs = [
        (exact.operators[block.a + k], rounded.operators[block.b + k])
        for block in found
        for k in range(block.size)
    ]
    return [
        (a, b)
        for a, b in pairs
        if exact.tensors[a.outputs[0]].shape == rounded.tensors[b.outputs[0]].shape
        and _is_real(exact.tensors[a.outputs[0]])
        and _is_real(rounded.tensors[b.outputs[0]])
    ]


class _Sum:
    """Sums over pictures of one tensor."""

    def __init__(self) -> None:
        self.signal = self.noise = self.largest = 0.0
        self.low, self.high = np.inf, -np.inf

    def add(self, real: Floats, near: Floats) -> None:
        error = real - near
        self.signal += float(np.square(real).sum())
        self.noise += float(np.square(error).sum())
        self.largest = max(self.largest, float(np.abs(error).max(initial=0)))
        self.low = min(self.low, float(real.min(initial=np.inf)))
        self.high = max(self.high, float(real.max(initial=-np.inf)))

    @property
    def ratio(self) -> float:
        """The power of the noise, divided by that of the signal."""
        return self.noise / max(self.signal, 1e-30)


def _decibels(ratio: float) -> float:
    return min(-10 * math.log10(ratio), MOST_DECIBELS) if ratio else MOST_DECIBELS


def _run(
    network: Network, inputs: npt.NDArray[Any], numbers: Sequence[int]
) -> Iterator[list[Floats]]:
    """Yields the real values of tensors, for each picture."""
    tensors = [network.graph.tensors[number] for number in numbers]
    sizes = [tensor.count * np.dtype(tensor.own_dtype).itemsize for tensor in tensors]
    ends = np.cumsum(sizes)[:-1]
    few = max(1, MOST_BYTES // max(1, sum(sizes)))
    content = reference.with_possible_axes(network.content)
    for start in range(0, len(inputs), few):
        with interpreter.borrowed() as found:
            rows = found.predict(
                content, inputs[start : start + few], reference.nothing, tensors=numbers
            )
        for row in rows:
            parts = np.split(row, ends)
            yield [_real(part, tensor) for part, tensor in zip(parts, tensors, strict=True)]


def _real(raw: npt.NDArray[Any], tensor: Tensor) -> Floats:
    values: Floats = raw.view(tensor.own_dtype).astype(np.float64)
    if tensor.quantisation is None:
        return values
    moved = 128 if tensor.own_dtype == "uint8" else 0  # the graph holds it as int8
    return tensor.quantisation.scale * (values - moved - tensor.quantisation.zero_point)


def _is_real(tensor: Tensor) -> bool:
    return tensor.data is None and (tensor.dtype == "float32" or tensor.quantisation is not None)
