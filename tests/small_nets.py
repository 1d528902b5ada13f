"""Random small classifiers as Graphs with dead channels planted, and Graphs as .tflite bytes.

net = small_nets.draw(seed=7, dtype="int8")
expected = reference.predict(small_nets.to_tflite(net), inputs)
"""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import numpy.typing as npt
import one_operator
from ai_edge_litert import schema_py_generated as schema
from boardless.model.graph import Graph, Operator, Quantisation, Tensor

Shape = tuple[int, ...]


class Net:
    """Grows a Graph operator by operator; `last` is the tensor that the next one reads."""

    def __init__(self, dtype: str, shape: Shape, quantisation: Quantisation | None) -> None:
        self.dtype = dtype
        self.tensors = [Tensor("input", shape, dtype, quantisation)]
        self.operators: list[Operator] = []
        self.last = 0

    @property
    def shape(self) -> Shape:
        return self.tensors[self.last].shape

    @property
    def quantisation(self) -> Quantisation | None:
        return self.tensors[self.last].quantisation

    def constant(
        self, data: npt.NDArray[Any], quantisation: Quantisation | None = None, name: str = "c"
    ) -> int:
        self.tensors.append(Tensor(name, data.shape, data.dtype.name, quantisation, data))
        return len(self.tensors) - 1

    def add(
        self,
        name: str,
        inputs: tuple[int, ...],
        shape: Shape,
        quantisation: Quantisation | None,
        **options: Any,
    ) -> int:
        """`inputs` come after the last tensor; the output becomes the last."""
        number = len(self.operators)
        self.tensors.append(Tensor(f"{name} {number}", shape, self.dtype, quantisation))
        output = len(self.tensors) - 1
        self.operators.append(Operator(number, name, (self.last, *inputs), (output,), options))
        self.last = output
        return output

    def graph(self) -> Graph:
        return Graph("net", tuple(self.tensors), tuple(self.operators), 0, self.last)


class Draw:
    """A Net drawn from a seed: convolutions, depthwise layers and pools, with a residual addition
    or a concatenation now and then; then a classifier."""

    def __init__(self, seed: str, dtype: str, dead: float, more: bool) -> None:
        self.rng = random.Random(seed)
        self.np = np.random.default_rng(self.rng.randrange(1 << 32))
        self.dead, self.more = dead, more
        shape = (1, self.rng.randint(1, 7), self.rng.randint(1, 7), self.rng.randint(1, 4))
        self.net = Net(dtype, shape, self.scale(dtype))
        kinds = [self.conv, self.conv, self.depthwise, self.depthwise, self.pool, self.pad]
        if more:
            kinds += [self.residual, self.concatenation, self.relu]
        for _ in range(self.rng.randint(2, 5)):
            self.rng.choice(kinds)()
        self.classifier()

    def scale(self, dtype: str | None = None) -> Quantisation | None:
        if (dtype or self.net.dtype) == "float32":
            return None
        zero_point = self.rng.choice([-128, 0, self.rng.randint(-127, 126)])
        return Quantisation((float(np.float32(10 ** self.rng.uniform(-2, -1))),), (zero_point,), 0)

    def weights(self, shape: Shape, axis: int) -> tuple[int, int]:
        """Filter and bias of shape[axis] outputs, some of them dead in one of several ways."""
        net, outputs = self.net, shape[axis]
        data = self.np.integers(-127, 128, shape).astype(np.float64)
        rows = np.moveaxis(data, axis, 0)  # a view
        bias = self.np.integers(-2000, 2000, outputs).astype(np.float64)
        for o in range(outputs):
            if self.rng.random() < self.dead:
                rows[o] = 0
                bias[o] = self.rng.choice([0, bias[o]])
            elif self.rng.random() < self.dead / 3:
                bias[o] = self.rng.choice([-3_000_000, 3_000_000])  # its output is saturated
        if axis == 0:
            unread = self.np.random(shape[-1]) < self.dead / 3
            data[..., unread] = 0
        if net.dtype == "float32":
            bias = np.where(bias > 1e6, 0, bias)
            return (
                net.constant((data / 128).astype(np.float32)),
                net.constant((bias / 2000).astype(np.float32)),
            )
        count = self.rng.choice([1, outputs])
        scales = tuple(float(np.float32(10 ** self.rng.uniform(-3, -2))) for _ in range(count))
        assert net.quantisation
        bias_scales = tuple(float(np.float32(s * net.quantisation.scale)) for s in scales)
        return (
            net.constant(data.astype(np.int8), Quantisation(scales, (0,) * count, axis)),
            net.constant(bias.astype(np.int32), Quantisation(bias_scales, (0,) * count, 0)),
        )

    def activation(self) -> str:
        return self.rng.choice(["NONE", "RELU", "RELU", "RELU6"])

    def window(self) -> tuple[int, int, tuple[int, int], dict[str, Any]]:
        """(filter height, width, output size, options) that fit the last tensor."""
        _, h, w, _ = self.net.shape
        padding = self.rng.choice(["SAME", "VALID"])
        limit = (3, 3) if padding == "SAME" else (min(h, 3), min(w, 3))
        fh, fw = (self.rng.randint(1, v) for v in limit)
        sh, sw = self.rng.randint(1, 2), self.rng.randint(1, 2)
        same = (-(-h // sh), -(-w // sw))
        size = same if padding == "SAME" else ((h - fh) // sh + 1, (w - fw) // sw + 1)
        return fh, fw, size, {"padding": padding, "stride_h": sh, "stride_w": sw}

    def conv(self) -> None:
        fh, fw, size, options = self.window()
        outputs = self.rng.randint(1, 9)
        filter_bias = self.weights((outputs, fh, fw, self.net.shape[3]), 0)
        options |= {"dilation_h_factor": 1, "dilation_w_factor": 1}
        self.net.add(
            "CONV_2D",
            filter_bias,
            (1, *size, outputs),
            self.scale(),
            fused_activation_function=self.activation(),
            **options,
        )

    def depthwise(self) -> None:
        fh, fw, size, options = self.window()
        multiplier = self.rng.choice([1, 1, 2])
        outputs = self.net.shape[3] * multiplier
        filter_bias = self.weights((1, fh, fw, outputs), 3)
        options |= {"dilation_h_factor": 1, "dilation_w_factor": 1, "depth_multiplier": multiplier}
        self.net.add(
            "DEPTHWISE_CONV_2D",
            filter_bias,
            (1, *size, outputs),
            self.scale(),
            fused_activation_function=self.activation(),
            **options,
        )

    def pool(self) -> None:
        fh, fw, size, options = self.window()
        self.net.add(
            self.rng.choice(["MAX_POOL_2D", "AVERAGE_POOL_2D"]),
            (),
            (1, *size, self.net.shape[3]),
            self.net.quantisation,
            filter_height=fh,
            filter_width=fw,
            fused_activation_function="NONE",
            **options,
        )

    def pad(self) -> None:
        (t, b), (left, right) = ((self.rng.randint(0, 1), self.rng.randint(0, 1)) for _ in "hw")
        paddings = self.net.constant(np.array([[0, 0], [t, b], [left, right], [0, 0]], np.int32))
        _, h, w, c = self.net.shape
        shape = (1, h + t + b, w + left + right, c)
        self.net.add("PAD", (paddings,), shape, self.net.quantisation)

    def relu(self) -> None:
        name = self.rng.choice(["RELU", "RELU6"])
        scale = self.rng.choice([self.net.quantisation, self.scale()])
        self.net.add(name, (), self.net.shape, scale)

    def residual(self) -> None:
        before, c = self.net.last, self.net.shape[3]
        shape, activation = self.net.shape, self.activation()
        options = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
        options |= {"dilation_h_factor": 1, "dilation_w_factor": 1}
        options |= {"fused_activation_function": activation}
        self.net.add("CONV_2D", self.weights((c, 1, 1, c), 0), shape, self.scale(), **options)
        self.net.add("ADD", (before,), shape, self.scale(), fused_activation_function="NONE")

    def concatenation(self) -> None:
        before, quantisation = self.net.last, self.net.quantisation
        _, h, w, c = self.net.shape
        options = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
        options |= {"dilation_h_factor": 1, "dilation_w_factor": 1}
        options |= {"fused_activation_function": "RELU"}
        outputs = self.rng.randint(1, 4)
        weights = self.weights((outputs, 1, 1, c), 0)
        self.net.add("CONV_2D", weights, (1, h, w, outputs), quantisation, **options)
        shape = (1, h, w, outputs + c)
        options = {"axis": 3, "fused_activation_function": "NONE"}
        self.net.add("CONCATENATION", (before,), shape, quantisation, **options)

    def classifier(self) -> None:
        _, h, w, c = self.net.shape
        kind = self.rng.choice(["flatten", "mean", "direct"])
        if kind == "flatten":
            shape = self.net.constant(np.array([1, h * w * c], np.int32))
            self.net.add("RESHAPE", (shape,), (1, h * w * c), self.net.quantisation)
        elif kind == "mean":
            axes = self.net.constant(np.array([1, 2], np.int32))
            self.net.add("MEAN", (axes,), (1, c), self.scale(), keep_dims=False)
        for _ in range(self.rng.randint(1, 2)):
            inputs, outputs = math.prod(self.net.shape), self.rng.randint(1, 8)
            weights = self.weights((outputs, inputs), 0)
            if self.rng.random() < 0.3:
                weights = (weights[0], -1)
            options = {"fused_activation_function": self.activation()}
            self.net.add("FULLY_CONNECTED", weights, (1, outputs), self.scale(), **options)


def draw(seed: int | str, dtype: str, *, dead: float = 0.4, more: bool = False) -> Graph:
    """`dead`: how likely a filter is dead; `more`: also ADD, CONCATENATION and RELU."""
    return Draw(f"{seed} {dtype}", dtype, dead, more).net.graph()


def pictures(graph: Graph, count: int = 4) -> npt.NDArray[Any]:
    """Random inputs; the first two hold the smallest and the largest value only."""
    rng = np.random.default_rng(1)
    shape = (count, *graph.input_tensor.shape[1:])
    if graph.input_tensor.dtype == "float32":
        return rng.normal(size=shape).astype(np.float32)
    inputs = rng.integers(-128, 128, shape).astype(np.int8)
    inputs[0], inputs[1] = -128, 127
    return inputs


def to_tflite(graph: Graph) -> bytes:
    """The .tflite that reads back as `graph`."""
    tensors = [
        one_operator.Tensor(
            t.shape,
            t.dtype,
            t.quantisation.scales if t.quantisation else (),
            t.quantisation.zero_points if t.quantisation else (0,),
            t.quantisation.axis if t.quantisation else 0,
            t.data,
        )
        for t in graph.tensors
    ]
    operators = [
        one_operator.Operator(op.name, list(op.inputs), list(op.outputs), _options(graph, op))
        for op in graph.operators
    ]
    return one_operator.graph(tensors, operators, graph.input, graph.output)


def _options(graph: Graph, op: Operator) -> dict[str, Any]:
    """Returns an operator's options in TFLite's spelling and numbers."""
    options = {}
    for key, value in op.options.items():
        head, *tail = key.split("_")
        if key == "padding":
            value = getattr(schema.Padding, value)
        elif key == "fused_activation_function":
            value = getattr(schema.ActivationFunctionType, value)
        options[head + "".join(word.capitalize() for word in tail)] = value
    if op.name == "RESHAPE":
        options["newShape"] = list(graph.tensors[op.outputs[0]].shape)
    return options
