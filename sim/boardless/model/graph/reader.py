"""Reads a .tflite file into a Graph, and trusts nothing in it.

The file may be truncated, random or hostile: every way it can be wrong ends in one BadInput, within
a second and without copying what the file only claims to hold. Entries that all point at one large
vector would multiply its size, so lengths are checked, and summed up, before anything is read.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from boardless.core.errors import BadInput
from boardless.model import folders
from boardless.model.graph import Graph, Operator, Quantisation, Tensor, options, strings
from boardless.model.graph.usable import HINT, usable
from boardless.model.graph.variables import with_states

# No microcontroller model comes near these; they bound the work on a hostile file.
MAX_TENSORS = 5_000
MAX_OPERATORS = 2_500
MAX_RANK = 8
MAX_ELEMENTS = 1 << 26
MAX_CONSTANT_BYTES = 1 << 25  # of all tensors together
MAX_PORTS = 64  # inputs, or outputs, of the model
MAX_LINKS = 50_000  # inputs and outputs of all operators together
MAX_SCALES = 1 << 19  # of all tensors together

# What the flatbuffers accessors raise on offsets and lengths that make no sense.
BROKEN_FILE = (
    struct.error,
    IndexError,
    ValueError,
    TypeError,
    OverflowError,
    AttributeError,
    KeyError,
    MemoryError,
)

DTYPES = ("float32", "float16", "int8", "int16", "int32", "int64", "uint8", "bool")  # numpy's too
PACKED = "int4"
RANGES = {
    "int8": (-128, 127),
    "uint8": (0, 255),
    "int16": (-(1 << 15), (1 << 15) - 1),
}  # of a zero point; others must have 0


TYPE_NAMES = {number: name.lower() for number, name in options.names(schema.TensorType).items()}


def read(content: bytes, name: str) -> Graph:
    """The Graph of a .tflite file's bytes; `name` stands in messages and in the firmware.

    Of several subgraphs the first is read, as interpreters do. Old uint8 models come back as int8.
    Where the batch size is open, shapes of tensors are not known yet: compiler.shapes finds them.
    """
    if len(content) < 8 or content[4:8] != b"TFL3":
        raise BadInput(
            "not a TensorFlow Lite model (no TFL3 mark)",
            where=name,
            hint="boardless reads .tflite files of schema version 3",
        )
    try:
        file = _File(content, name)
        graph = file.graph()
        _check_order(graph)
        graph = with_states(graph, file.once)
    except BROKEN_FILE as error:
        raise BadInput("the .tflite file is damaged or truncated", where=name, hint=HINT) from error
    return graph if graph.open_shapes else usable(graph)


class _File:
    """The flatbuffer, with counts of what has been read so far."""

    def __init__(self, content: bytes, name: str) -> None:
        self.name = name
        self.model = schema.Model.GetRootAs(content, 0)
        self.buffers = self.model.BuffersLength()
        self.links = 0
        self.scales = 0
        self.constant_bytes = 0

    def graph(self) -> Graph:
        if self.model.SubgraphsLength() < 1:
            raise BadInput("the model has no subgraph", where=self.name, hint=HINT)
        subgraph = self.model.Subgraphs(0)
        found = self.body(subgraph)
        tensors = len(found.tensors)
        sources = self.ports(subgraph.InputsLength(), subgraph.Inputs, "input", tensors)
        targets = self.ports(subgraph.OutputsLength(), subgraph.Outputs, "output", tensors)
        found = found.replace(
            input=sources[0],
            output=targets[0],
            more_inputs=sources[1:],
            more_outputs=targets[1:],
        )
        states = [self.is_open(subgraph.Tensors(number)) for number in sources]
        return found.replace(open_shapes=any(states))

    def once(self, number: int) -> Graph:
        """A graph that runs before the first inference, without inputs and outputs."""
        if not 0 < number < self.model.SubgraphsLength():
            raise BadInput(f"graph {number} does not exist", where=self.name, hint=HINT)
        return self.body(self.model.Subgraphs(number))

    def body(self, subgraph: Any) -> Graph:
        """The tensors and operators of a subgraph."""
        tensors, operators = subgraph.TensorsLength(), subgraph.OperatorsLength()
        if not 0 < tensors <= MAX_TENSORS:
            raise BadInput(f"the model has {tensors} tensors", where=self.name, hint=HINT)
        if not 0 <= operators <= MAX_OPERATORS:
            raise BadInput(f"the model has {operators} operators", where=self.name, hint=HINT)
        return Graph(
            name=self.name,
            tensors=tuple(
                self.tensor(subgraph.Tensors(i), f"{self.name}, tensor {i}") for i in range(tensors)
            ),
            operators=tuple(
                self.operator(subgraph.Operators(i), i, tensors) for i in range(operators)
            ),
            input=0,
            output=0,
        )

    def ports(
        self, count: int, get: Callable[[int], int], what: str, tensors: int
    ) -> tuple[int, ...]:
        """Tensor numbers of the model's inputs, or of its outputs."""
        if not 1 <= count <= MAX_PORTS:
            raise BadInput(f"the model has {count} {what}s", where=self.name, hint=HINT)
        numbers = tuple(int(get(i)) for i in range(count))
        for index in numbers:
            if not 0 <= index < tensors:
                raise BadInput(
                    f"{what} refers to tensor {index}, which does not exist", where=self.name
                )
        if what == "input" and len(set(numbers)) < count:
            raise BadInput("two of the model's inputs are one tensor", where=self.name, hint=HINT)
        return numbers

    def is_open(self, t: Any) -> bool:
        """Returns whether the batch size of an input is left open; BadInput where more of it is."""
        signature = [int(t.ShapeSignature(i)) for i in range(t.ShapeSignatureLength())][:MAX_RANK]
        if -1 in signature[1:]:
            sizes = "x".join("?" if size < 0 else str(size) for size in signature)
            raise BadInput(
                f"the input's shape is {sizes}: more than the batch size is open",
                where=self.name,
                hint="export the model for inputs of one size",
            )
        return -1 in signature

    def tensor(self, t: Any, where: str) -> Tensor:
        rank = t.ShapeLength()
        if rank > MAX_RANK:
            raise BadInput(f"{rank} dimensions make no sense", where=where, hint=HINT)
        shape = tuple(t.ShapeAsNumpy().tolist()) if rank else ()
        if any(d < 0 for d in shape) or math.prod(shape) > MAX_ELEMENTS:
            raise BadInput(f"shape {list(shape)} makes no sense", where=where, hint=HINT)
        name = strings.tensor(t)
        number = t.Type()
        dtype = TYPE_NAMES.get(number) or f"type {number}"
        variable = bool(t.IsVariable())
        if dtype == PACKED and not variable:
            return self.packed(t, name, shape, where)
        if dtype not in DTYPES:  # refused where an operator reads it
            return Tensor(name, shape, dtype, variable=variable)
        quantisation = self.quantisation(t.Quantization(), shape, dtype, where)
        data = None if variable else self.data(t, shape, dtype, where)
        return Tensor(name, shape, dtype, quantisation, data, variable=variable)

    def packed(self, t: Any, name: str, shape: tuple[int, ...], where: str) -> Tensor:
        """A constant of 4 bits as int8, which means the same; two are in a byte, the first low."""
        count = math.prod(shape)
        data = self.data(t, ((count + 1) // 2,), "int8", where)
        if data is None:
            return Tensor(name, shape, PACKED)
        self.constant_bytes += count
        pairs = np.stack([data << 4 >> 4, data >> 4], axis=-1).reshape(-1)[:count]
        quantisation = self.quantisation(t.Quantization(), shape, "int8", where)
        return Tensor(name, shape, "int8", quantisation, pairs.reshape(shape))

    def data(
        self, t: Any, shape: tuple[int, ...], dtype: str, where: str
    ) -> npt.NDArray[Any] | None:
        """A view into the file, None where the buffer is empty."""
        number = t.Buffer()
        if not 0 <= number < self.buffers:
            raise BadInput(
                f"refers to buffer {number}, which does not exist", where=where, hint=HINT
            )
        buffer = self.model.Buffers(number)
        if buffer is None or buffer.DataLength() == 0:
            return None
        if t.Sparsity() is not None:
            raise BadInput(
                "its values are stored as sparse", where=where, hint="export the model dense"
            )
        raw = buffer.DataAsNumpy()
        want = math.prod(shape) * np.dtype(dtype).itemsize
        self.constant_bytes += raw.nbytes
        if self.constant_bytes > MAX_CONSTANT_BYTES:
            raise BadInput("its weights are larger than any board's flash", where=self.name)
        if raw.nbytes != want:
            raise BadInput(
                f"holds {raw.nbytes} bytes, its shape needs {want}", where=where, hint=HINT
            )
        little_endian = np.dtype(dtype).newbyteorder("<")
        data: npt.NDArray[Any] = raw.view(little_endian).reshape(shape)
        return data

    def quantisation(
        self, q: Any, shape: tuple[int, ...], dtype: str, where: str
    ) -> Quantisation | None:
        count = 0 if q is None or dtype in ("float32", "float16") else q.ScaleLength()
        if count == 0:
            return None
        zero_count = q.ZeroPointLength()
        # Some exporters leave a wrong axis on 1-D tensors (biases); only 0 is possible there.
        axis = 0 if len(shape) <= 1 else int(q.QuantizedDimension())
        if count > 1 and (not 0 <= axis < len(shape) or shape[axis] != count):
            raise BadInput(
                f"{count} scales along axis {axis} of shape {list(shape)}", where=where, hint=HINT
            )
        if zero_count not in (0, 1, count):
            raise BadInput(f"{count} scales but {zero_count} zero points", where=where, hint=HINT)
        self.scales += count + zero_count
        if self.scales > MAX_SCALES:
            raise BadInput("more quantisation scales than any model has", where=where, hint=HINT)
        scales: tuple[float, ...] = tuple(q.ScaleAsNumpy().tolist())
        zero_points: tuple[int, ...] = tuple(q.ZeroPointAsNumpy().tolist()) if zero_count else (0,)
        if not all(0 < scale < math.inf for scale in scales):
            raise BadInput("a quantisation scale is not a positive number", where=where, hint=HINT)
        low, high = RANGES.get(dtype, (0, 0))
        if min(zero_points) < low or max(zero_points) > high:
            raise BadInput(f"a zero point is out of {dtype}'s range", where=where, hint=HINT)
        return Quantisation(scales, zero_points * (count // len(zero_points)), axis)

    def operator(self, op: Any, index: int, tensors: int) -> Operator:
        if not 0 <= op.OpcodeIndex() < self.model.OperatorCodesLength():
            raise BadInput(
                f"refers to operator code {op.OpcodeIndex()}, which does not exist",
                where=f"{self.name}, operator {index}",
                hint=HINT,
            )
        name = strings.operator(self.model.OperatorCodes(op.OpcodeIndex()))
        where = f"{self.name}, operator {index} {name}"
        self.links += op.InputsLength() + op.OutputsLength() + op.IntermediatesLength()
        if self.links > MAX_LINKS:
            raise BadInput("more inputs and outputs than any model has", where=where, hint=HINT)
        inputs = [int(op.Inputs(i)) for i in range(op.InputsLength())]
        outputs = tuple(int(op.Outputs(i)) for i in range(op.OutputsLength()))
        between = tuple(int(op.Intermediates(i)) for i in range(op.IntermediatesLength()))
        written = (*outputs, *between)
        if any(not -1 <= i < tensors for i in inputs) or any(not 0 <= i < tensors for i in written):
            raise BadInput("refers to a tensor that does not exist", where=where, hint=HINT)
        while inputs and inputs[-1] == -1:
            inputs.pop()
        if -1 in inputs[:2]:  # no operator has an optional input so early
            raise BadInput(f"input {inputs.index(-1)} is missing", where=where, hint=HINT)
        return Operator(index, name, tuple(inputs), outputs, options.read(op, name), between)


def _check_order(graph: Graph) -> None:
    """Every operator reads only what is constant, the input, or written before; writes are new. An
    operator without a kernel is refused by its name later, so it may read what nobody writes."""
    constants = {i for i, t in enumerate(graph.tensors) if t.data is not None}
    ports = [("input", i) for i in graph.inputs] + [("output", i) for i in graph.outputs]
    for what, number in ports:
        if number in constants:
            raise BadInput(f"the model's {what} is a constant", where=graph.name, hint=HINT)
    known = constants | {i for i, t in enumerate(graph.tensors) if t.variable}
    known |= {*graph.inputs, -1}
    written = {i for op in graph.operators for i in op.outputs}
    for op in graph.operators:
        where = f"{graph.name}, operator {op.index} {op.name}"
        for i in op.inputs:
            if i in known or graph.tensors[i].dtype not in DTYPES:
                continue
            if i in written:
                raise BadInput(f"reads tensor {i} before it is written", where=where, hint=HINT)
            if folders.folder(op.name) is not None:
                what = f"reads tensor {i}, which is no constant and is written by no operator"
                raise BadInput(what, where=where, hint=HINT)
        if known & set(op.outputs) or len(set(op.outputs)) != len(op.outputs):
            raise BadInput("writes a tensor that already has a value", where=where, hint=HINT)
        known |= set(op.outputs)
    if not {*graph.outputs} <= known:
        raise BadInput("no operator writes the model's output", where=graph.name, hint=HINT)
