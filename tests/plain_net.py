"""A small classifier of the layers that most runtimes know, as a .tflite file.

content = plain_net.made("int8")
content = plain_net.made("float32", dense=True)      # dense layers only
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from boardless.model.graph import Quantisation
from small_nets import Net, to_tflite

SCALE = 0.01  # of all int8 weights
SPREAD = 73  # the standard deviation of int8 values that are equally likely


class _Maker:
    def __init__(self, dtype: str, shape: tuple[int, ...]) -> None:
        self.rng = np.random.default_rng(11)
        self.net = Net(dtype, shape, Quantisation((0.02,), (-3,), 0) if dtype == "int8" else None)

    def weights(
        self, shape: tuple[int, ...], axis: int, *, single: bool = False
    ) -> tuple[int, int]:
        """Returns the tensors of a filter, with a scale for each channel along the axis, and of its
        bias."""
        outputs = shape[axis]
        if self.net.dtype == "float32":
            taps = self.rng.uniform(-1, 1, shape) / math.sqrt(np.prod(shape) / outputs)
            bias = self.rng.uniform(-0.3, 0.3, outputs)
            return tuple(self.net.constant(x.astype(np.float32)) for x in (taps, bias))  # type: ignore[return-value]
        scales = SCALE * self.rng.uniform(0.5, 1, 1 if single else outputs)
        q = Quantisation(tuple(float(np.float32(s)) for s in scales), (0,) * len(scales), axis)
        taps = self.rng.integers(-127, 128, shape).astype(np.int8)
        bias = self.rng.integers(-3000, 3000, outputs).astype(np.int32)
        assert self.net.quantisation
        of_bias = tuple(float(np.float32(s * self.net.quantisation.scale)) for s in q.scales)
        return (
            self.net.constant(taps, q),
            self.net.constant(bias, Quantisation(of_bias, (0,) * len(of_bias), 0)),
        )

    def scale(self, terms: int, activation: str = "NONE") -> Quantisation | None:
        """Returns a scale that sums of so many products use nearly all of."""
        before = self.net.quantisation
        if before is None:
            return None
        scale = before.scale * SCALE * SPREAD * SPREAD * math.sqrt(terms) / 60
        return Quantisation((float(np.float32(scale)),), (5 if activation == "NONE" else -128,), 0)

    def conv(self, outputs: int, size: int, stride: int, activation: str) -> None:
        _, h, w, c = self.net.shape
        weights = self.weights((outputs, size, size, c), 0)
        shape = (1, -(-h // stride), -(-w // stride), outputs)
        scale = self.scale(size * size * c, activation)
        self.window("CONV_2D", weights, shape, scale, stride, activation)

    def depthwise(self, stride: int, activation: str, padding: str = "SAME") -> None:
        _, h, w, c = self.net.shape
        weights, less = self.weights((1, 3, 3, c), 3), 0 if padding == "SAME" else 2
        shape = (1, -(-(h - less) // stride), -(-(w - less) // stride), c)
        more: dict[str, Any] = {"depth_multiplier": 1, "padding": padding}
        self.window(
            "DEPTHWISE_CONV_2D",
            weights,
            shape,
            self.scale(9, activation),
            stride,
            activation,
            **more,
        )

    def window(
        self,
        name: str,
        weights: tuple[int, int],
        shape: tuple[int, ...],
        scale: Quantisation | None,
        stride: int,
        activation: str,
        **more: Any,
    ) -> None:
        options = {"padding": "SAME", "stride_h": stride, "stride_w": stride}
        options |= {"dilation_h_factor": 1, "dilation_w_factor": 1, **more}
        self.net.add(name, weights, shape, scale, fused_activation_function=activation, **options)

    def sum(self, other: int) -> None:
        self.net.add(
            "ADD", (other,), self.net.shape, self.scale(1), fused_activation_function="NONE"
        )

    def pad(self) -> None:
        around = self.net.constant(np.array([[0, 0], [1, 0], [0, 1], [0, 0]], np.int32))
        _, h, w, c = self.net.shape
        self.net.add("PAD", (around,), (1, h + 1, w + 1, c), self.net.quantisation)

    def mean(self) -> None:
        axes, c = self.net.constant(np.array([1, 2], np.int32)), self.net.shape[-1]
        self.net.add("MEAN", (axes,), (1, c), self.net.quantisation, keep_dims=False)

    def dense(self, outputs: int, activation: str = "NONE") -> None:
        count = self.net.shape[-1]
        weights = self.weights((outputs, count), 0, single=True)
        scale = self.scale(count, activation)
        self.net.add(
            "FULLY_CONNECTED", weights, (1, outputs), scale, fused_activation_function=activation
        )

    def softmax(self) -> None:
        scale = Quantisation((1 / 256,), (-128,), 0) if self.net.dtype == "int8" else None
        self.net.add("SOFTMAX", (), self.net.shape, scale, beta=1.0)


def made(dtype: str, *, dense: bool = False) -> bytes:
    """Returns a model with inputs of 12 x 12 x 2 values, or of 24 with dense layers only."""
    if dense:
        maker = _Maker(dtype, (1, 24))
        maker.dense(16, "RELU")
        maker.dense(12, "RELU")
    else:
        maker = _Maker(dtype, (1, 12, 12, 2))
        maker.conv(8, 3, 2, "RELU")
        maker.depthwise(1, "RELU6" if dtype == "int8" else "RELU")
        before = maker.net.last
        maker.conv(8, 1, 1, "NONE")
        maker.sum(before)
        maker.pad()
        maker.depthwise(2, "NONE", padding="VALID")
        maker.mean()
    maker.dense(5)
    maker.softmax()
    return to_tflite(maker.net.graph())
