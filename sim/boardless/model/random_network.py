"""Writes networks with random weights as .tflite files, layer by layer.

net = Network((1, 96, 96, 1), kind="float32")
net.conv(3, 3, 2, RELU)
content = net.content()
"""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from boardless.model import traits
from boardless.model.graph import options as tables
from boardless.model.traits import LayerKind

VALID, SAME = schema.Padding.VALID, schema.Padding.SAME
NONE = schema.ActivationFunctionType.NONE
RELU = schema.ActivationFunctionType.RELU
RELU6 = schema.ActivationFunctionType.RELU6
TYPES = {
    "int8": schema.TensorType.INT8,
    "int32": schema.TensorType.INT32,
    "float32": schema.TensorType.FLOAT32,
}
Size = int | tuple[int, int]  # of a window: its side, or height and width


class Network:
    """Adds one operator after the other; `at` is the tensor that the next one reads (NHWC).

    `kind` is int8 or float32, of all activations.
    """

    def __init__(self, input_shape: tuple[int, ...], seed: int = 0, kind: str = "int8") -> None:
        self.random = np.random.default_rng(seed)
        self.kind = kind
        self.model = schema.ModelT()
        self.model.version, self.model.operatorCodes = 3, []
        self.model.buffers = [schema.BufferT()]
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.model.subgraphs = [self.graph]
        self.shapes: list[tuple[int, ...]] = []
        self.at = self._activation(input_shape, 1 / 64, 0)
        self.graph.inputs = [self.at]
        self.outputs: list[int] = []  # besides the last

    def input(self, shape: tuple[int, ...]) -> None:
        """A further input of the model, which the next operator reads; what was written last is an
        output."""
        self.outputs.append(self.at)
        self.at = self._activation(shape, 1 / 64, 0)
        self.graph.inputs.append(self.at)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.shapes[self.at]

    def content(self) -> bytes:
        """The .tflite; its outputs are the tensors that operators wrote last, of each input."""
        self.graph.outputs = [*self.outputs, self.at]
        builder = flatbuffers.Builder(1 << 16)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def conv(
        self,
        channels: int,
        size: Size,
        stride: int,
        activation: int,
        padding: int = SAME,
        bias: bool = True,
    ) -> None:
        _, h, w, c = self.shape
        rows, columns = _pair(size)
        inputs = self._weights((channels, rows, columns, c), channels, rows * columns * c, 0, bias)
        shape = (1, *_map(h, w, size, stride, padding), channels)
        options = {"strideH": stride, "strideW": stride, "padding": padding}
        options |= {"dilationHFactor": 1, "dilationWFactor": 1}
        options |= {"fusedActivationFunction": activation}
        self.operator(LayerKind.CONVOLUTION, inputs, shape, options, activation)

    def depthwise(
        self,
        size: Size,
        stride: int,
        activation: int,
        padding: int = SAME,
        bias: bool = True,
        multiplier: int = 1,
    ) -> None:
        _, h, w, c = self.shape
        rows, columns = _pair(size)
        outputs = c * multiplier
        inputs = self._weights((1, rows, columns, outputs), outputs, rows * columns, 3, bias)
        shape = (1, *_map(h, w, size, stride, padding), outputs)
        options = {"strideH": stride, "strideW": stride, "padding": padding}
        options |= {"depthMultiplier": multiplier}
        options |= {"dilationHFactor": 1, "dilationWFactor": 1}
        options |= {"fusedActivationFunction": activation}
        self.operator(LayerKind.DEPTHWISE, inputs, shape, options, activation)

    def dense(self, outputs: int) -> None:
        """A dense layer of a flat input (1, n)."""
        n = self.shape[-1]
        inputs = self._weights((outputs, n), 1, n, 0)
        options = {"fusedActivationFunction": NONE}
        self.operator(LayerKind.DENSE, inputs, (1, outputs), options)

    def pool(self, kind: LayerKind, size: Size, stride: int, padding: int = SAME) -> None:
        """Pooling of `kind` LayerKind.MAX_POOL or LayerKind.AVERAGE_POOL."""
        _, h, w, c = self.shape
        rows, columns = _pair(size)
        options = {"strideH": stride, "strideW": stride, "padding": padding}
        options |= {"filterHeight": rows, "filterWidth": columns, "fusedActivationFunction": NONE}
        self.operator(kind, [], (1, *_map(h, w, size, stride, padding), c), options, keep=True)

    def pad(self, top: int, bottom: int, left: int, right: int) -> None:
        _, h, w, c = self.shape
        paddings = np.array([[0, 0], [top, bottom], [left, right], [0, 0]], np.int32)
        self.operator(
            LayerKind.PADDING,
            [self._constant(paddings)],
            (1, h + top + bottom, w + left + right, c),
            keep=True,
        )

    def add(self, other: int) -> None:
        """The sum with tensor number `other`, of the same shape."""
        self.operator(LayerKind.SUM, [other], self.shape, {"fusedActivationFunction": NONE})

    def mean(self) -> None:
        """Global average pooling; height and width stay as 1."""
        axes = self._constant(np.array([1, 2], np.int32))
        self.operator(LayerKind.GLOBAL_MEAN, [axes], (1, 1, 1, self.shape[-1]), {"keepDims": True})

    def largest(self) -> None:
        """Global max pooling; height and width stay as 1."""
        axes = self._constant(np.array([1, 2], np.int32))
        shape = (1, 1, 1, self.shape[-1])
        self.operator(LayerKind.GLOBAL_MAX, [axes], shape, {"keepDims": True}, keep=True)

    def reshape(self, *shape: int) -> None:
        constant = self._constant(np.array(shape, np.int32))
        self.operator(LayerKind.FLATTEN, [constant], shape, {"newShape": list(shape)}, keep=True)

    def softmax(self) -> None:
        output = self._activation(self.shape, 1 / 256, -128)
        self._append(LayerKind.SOFTMAX, [self.at], output, {"beta": 1.0})

    def operator(
        self,
        layer: LayerKind,
        inputs: list[int],
        shape: tuple[int, ...],
        options: dict[str, Any] | None = None,
        activation: int = NONE,
        keep: bool = False,
    ) -> None:
        """Any layer of one output; `keep` gives it the scale and zero point of its input."""
        scale, zero_point = (6 / 255, -128) if activation != NONE else (1 / 32, 3)
        if keep and self.kind == "int8":
            q = self.graph.tensors[self.at].quantization
            scale, zero_point = q.scale[0], q.zeroPoint[0]
        output = self._activation(shape, scale, zero_point)
        self._append(layer, [self.at, *inputs], output, options or {})

    def _append(
        self, layer: LayerKind, inputs: list[int], output: int, options: dict[str, Any]
    ) -> None:
        name = traits.operator(layer)
        table = tables.class_of(name)
        op = schema.OperatorT()
        op.opcodeIndex, op.inputs, op.outputs = self._code(name), inputs, [output]
        if table:
            op.builtinOptionsType = getattr(schema.BuiltinOptions, table)
            op.builtinOptions = getattr(schema, f"{table}T")()
        for key, value in options.items():
            assert hasattr(op.builtinOptions, key), key
            setattr(op.builtinOptions, key, value)
        self.graph.operators.append(op)
        self.at = output

    def _code(self, name: str) -> int:
        number = getattr(schema.BuiltinOperator, name)
        known = [code.builtinCode for code in self.model.operatorCodes]
        if number not in known:
            code = schema.OperatorCodeT()
            code.builtinCode, code.deprecatedBuiltinCode = number, min(number, 127)
            self.model.operatorCodes.append(code)
            return len(known)
        return known.index(number)

    def _weights(
        self, shape: tuple[int, ...], channels: int, taps: int, axis: int, bias: bool = True
    ) -> list[int]:
        """Filter and bias of a layer that sums `taps` products per output; values keep their spread
        from layer to layer, so that a wrong byte anywhere shows in the output. Without `bias` it is
        zeros: TFLite's converter writes one for every layer, and its convolution asks for one."""
        if self.kind == "float32":
            filter_data = self.random.normal(0, np.sqrt(2 / taps), shape).astype(np.float32)
            zeros_or_not = self.random.normal(0, 0.1, shape[axis]) * int(bias)
            return [self._constant(filter_data), self._constant(zeros_or_not.astype(np.float32))]
        source = self.graph.tensors[self.at].quantization.scale[0]
        filter_data = self.random.integers(-127, 128, shape).astype(np.int8)
        spread = self.random.uniform(0.5, 1.5, channels) / (40 * np.sqrt(taps))
        scales = spread.astype(np.float32)
        offset = self.random.integers(-2000, 2000, shape[axis]).astype(np.int32) * int(bias)
        return [
            self._constant(filter_data, scales, axis),
            self._constant(offset.astype(np.int32), (scales * source).astype(np.float32)),
        ]

    def _constant(
        self,
        data: npt.NDArray[Any],
        scales: npt.NDArray[np.float32] | None = None,
        axis: int = 0,
    ) -> int:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(data.tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        tensor = self._tensor(data.shape, TYPES[data.dtype.name], len(self.model.buffers) - 1)
        if scales is not None:
            zeros = [0] * len(scales)
            self.graph.tensors[tensor].quantization = _quantisation(scales.tolist(), zeros, axis)
        return tensor

    def _activation(self, shape: tuple[int, ...], scale: float, zero_point: int) -> int:
        tensor = self._tensor(shape, TYPES[self.kind], 0)
        if self.kind == "float32":
            return tensor
        scale = float(np.float32(scale))
        self.graph.tensors[tensor].quantization = _quantisation([scale], [zero_point], 0)
        return tensor

    def _tensor(self, shape: tuple[int, ...], kind: int, buffer: int) -> int:
        t = schema.TensorT()
        t.shape, t.type, t.buffer, t.name = list(shape), kind, buffer, f"t{len(self.shapes)}"
        self.graph.tensors.append(t)
        self.shapes.append(shape)
        return len(self.shapes) - 1


def _quantisation(scales: list[float], zero_points: list[int], axis: int) -> Any:
    q = schema.QuantizationParametersT()
    q.scale, q.zeroPoint, q.quantizedDimension = scales, zero_points, axis
    return q


def _map(h: int, w: int, size: Size, stride: int, padding: int) -> tuple[int, int]:
    if padding == SAME:
        return -(-h // stride), -(-w // stride)
    rows, columns = _pair(size)
    return (h - rows) // stride + 1, (w - columns) // stride + 1


def _pair(size: Size) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else size
