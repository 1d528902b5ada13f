"""A model as the compiler sees it: tensors, operators, and nothing of the file it came from.

graph = boardless.model.graph.read(Path("my.tflite").read_bytes(), name="my")
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.model import profiles
from boardless.model.graph.refusals import Refusal


@dataclass(frozen=True)
class Quantisation:
    """real = scale * (q - zero_point), one pair for the tensor or one per slice along `axis`."""

    scales: tuple[float, ...]  # float32 values, as in the file
    zero_points: tuple[int, ...]
    axis: int  # of the per-channel scales; 0 where there is only one

    @property
    def scale(self) -> float:
        return self.scales[0]

    @property
    def zero_point(self) -> int:
        return self.zero_points[0]


@dataclass(frozen=True)
class Tensor:
    """An activation (`data` is None) or a constant."""

    name: str
    shape: tuple[int, ...]
    dtype: str  # numpy's name: int8, float32, int32, ...
    quantisation: Quantisation | None = None
    data: npt.NDArray[Any] | None = field(default=None, compare=False)
    file_dtype: str = field(default="", compare=False)  # where the file has another type

    variable: bool = False  # keeps its value from one inference to the next

    @property
    def own_dtype(self) -> str:
        """The type in the model's file; uint8 values are 128 more there than here."""
        return self.file_dtype or self.dtype

    @property
    def count(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        try:
            return self.count * np.dtype(self.dtype).itemsize
        except TypeError:  # such as int4: no operator takes it
            return self.count

    @property
    def type_and_shape(self) -> str:
        """A text such as "int8 1x28x28x3"; a scalar is of shape 1."""
        return f"{self.dtype} {'x'.join(map(str, self.shape)) or 1}"


@dataclass(frozen=True)
class Operator:
    """One operator; `inputs` may hold -1 for an optional tensor that is absent."""

    index: int  # in the file, for messages
    name: str  # TFLite's name, such as CONV_2D
    inputs: tuple[int, ...]  # tensor numbers
    outputs: tuple[int, ...]
    options: dict[str, Any]  # TFLite's option fields in snake_case, such as stride_h
    intermediates: tuple[int, ...] = ()  # tensors that only say how values on the way are scaled


@dataclass(frozen=True)
class Graph:
    """A model, usually with one input and one output; operators are in execution order."""

    name: str
    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    input: int  # tensor number, of the first input
    output: int
    more_inputs: tuple[int, ...] = ()  # those after the first
    more_outputs: tuple[int, ...] = ()
    open_shapes: bool = False  # the file leaves the batch size open: shapes are not known yet
    # (operator's index, number of the input) of int8 weights that were dequantised
    float_weights: tuple[tuple[int, int], ...] = ()
    states: tuple[tuple[int, npt.NDArray[Any] | None], ...] = ()  # variable tensor, first value
    keeps_states: bool = False  # from one inference to the next; else each begins with the first
    profile: str = profiles.DEFAULT  # whose bits it has to give
    refused: tuple[Refusal, ...] = ()  # operators that the reader knows to be wrong

    def types(self, op: Operator) -> str:
        """Returns an operator's types and shapes, such as "int8 1x4x4x4 -> int8 1x2"; of its
        inputs those that are constants are left out."""
        sides = (i for i in op.inputs if i >= 0 and self.tensors[i].data is None), op.outputs
        texts = [", ".join(self.tensors[i].type_and_shape for i in side) for side in sides]
        return " -> ".join(text or "nothing" for text in texts)

    @property
    def inputs(self) -> tuple[int, ...]:
        return self.input, *self.more_inputs

    @property
    def outputs(self) -> tuple[int, ...]:
        return self.output, *self.more_outputs

    @property
    def state_tensors(self) -> tuple[int, ...]:
        return tuple(number for number, _ in self.states)

    @property
    def input_tensor(self) -> Tensor:
        return self.tensors[self.input]

    @property
    def output_tensor(self) -> Tensor:
        return self.tensors[self.output]

    def users(self, tensor: int) -> list[Operator]:
        """The operators that read `tensor`."""
        return [op for op in self.operators if tensor in op.inputs]

    def replace(self, **changes: Any) -> Graph:
        return dataclasses.replace(self, **changes)


from boardless.model.graph.reader import read  # noqa: E402  (the reader needs the records above)

__all__ = ["Graph", "Operator", "Quantisation", "Tensor", "read"]
