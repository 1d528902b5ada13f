"""Every kernel of the two models, on random cases, against TFLite's reference kernels: int8 to the
last bit, float32 within 1e-5 of the largest output."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from boardless.model import compiler, graph, reference
from host_kernels import HostModel
from one_operator import Tensor, model

CASES = 12  # random cases per operator and type
PICTURES = 3
Case = tuple[bytes, npt.NDArray[np.generic]]


class Draw:
    """Random choices for one case; the seed is in the test's id, so a failure repeats."""

    def __init__(self, seed: str) -> None:
        self.rng = random.Random(seed)
        self.np = np.random.default_rng(self.rng.randrange(1 << 32))

    def size(self, low: int, high: int) -> int:
        return self.rng.randint(low, high)

    def scale(self) -> float:
        return float(np.float32(10 ** self.rng.uniform(-2.5, -0.5)))

    def zero_point(self) -> int:
        return self.rng.choice([-128, 127, 0, self.rng.randint(-128, 127)])

    def inputs(self, shape: tuple[int, ...], dtype: str) -> npt.NDArray[np.generic]:
        if dtype == "int8":
            return self.np.integers(-128, 128, (PICTURES, *shape[1:])).astype(np.int8)
        return self.np.normal(size=(PICTURES, *shape[1:])).astype(np.float32)

    def activation(self) -> int:
        return self.rng.choice([0, 0, 1, 2, 3])  # NONE, RELU, RELU_N1_TO_1, RELU6

    def weights(
        self, shape: tuple[int, ...], dtype: str, channels: int, axis: int, source: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Filter and bias; per channel or per tensor at random."""
        if dtype == "float32":
            data = self.np.normal(size=shape).astype(np.float32)
            bias = self.np.normal(size=channels).astype(np.float32)
            return Tensor(shape, dtype, data=data), Tensor((channels,), dtype, data=bias)
        count = self.rng.choice([1, channels])
        scales = tuple(self.scale() for _ in range(count))
        quantised = self.np.integers(-127, 128, shape)
        offsets = self.np.integers(-3000, 3000, channels)
        bias_scales = tuple(float(np.float32(s * source.scales[0])) for s in scales)
        return (
            Tensor(shape, dtype, scales, (0,), axis, quantised),
            Tensor((channels,), "int32", bias_scales, (0,), 0, offsets),
        )

    def tensor(self, shape: tuple[int, ...], dtype: str) -> Tensor:
        if dtype == "float32":
            return Tensor(shape, dtype)
        return Tensor(shape, dtype, (self.scale(),), (self.zero_point(),))


def window(draw: Draw, same_possible: bool = True) -> dict[str, int]:
    """Sizes of a sliding window that has at least one output pixel."""
    w = {"kh": draw.size(1, 4), "kw": draw.size(1, 4), "sh": draw.size(1, 3), "sw": draw.size(1, 3)}
    w["padding"] = draw.rng.choice([0, 1]) if same_possible else 1
    low_h, low_w = (1, 1) if w["padding"] == 0 else (w["kh"], w["kw"])
    w["h"], w["w"] = draw.size(low_h, 9), draw.size(low_w, 9)
    if w["padding"] == 0:
        w["oh"], w["ow"] = -(-w["h"] // w["sh"]), -(-w["w"] // w["sw"])
    else:
        w["oh"] = (w["h"] - w["kh"]) // w["sh"] + 1
        w["ow"] = (w["w"] - w["kw"]) // w["sw"] + 1
    return w


def conv_2d(draw: Draw, dtype: str) -> Case:
    w, ci, co = window(draw), draw.size(1, 9), draw.size(1, 9)
    source = draw.tensor((1, w["h"], w["w"], ci), dtype)
    output = draw.tensor((1, w["oh"], w["ow"], co), dtype)
    weights = draw.weights((co, w["kh"], w["kw"], ci), dtype, co, 0, source)
    options = {"strideH": w["sh"], "strideW": w["sw"], "padding": w["padding"]}
    options |= {"dilationHFactor": 1, "dilationWFactor": 1}
    options |= {"fusedActivationFunction": draw.activation()}
    return model("CONV_2D", [source, *weights], output, options), draw.inputs(source.shape, dtype)


def depthwise_conv_2d(draw: Draw, dtype: str) -> Case:
    w, ci, m = window(draw), draw.size(1, 9), draw.size(1, 3)
    source = draw.tensor((1, w["h"], w["w"], ci), dtype)
    output = draw.tensor((1, w["oh"], w["ow"], ci * m), dtype)
    weights = draw.weights((1, w["kh"], w["kw"], ci * m), dtype, ci * m, 3, source)
    options = {"strideH": w["sh"], "strideW": w["sw"], "padding": w["padding"]}
    options |= {"dilationHFactor": 1, "dilationWFactor": 1, "depthMultiplier": m}
    options |= {"fusedActivationFunction": draw.activation()}
    content = model("DEPTHWISE_CONV_2D", [source, *weights], output, options)
    return content, draw.inputs(source.shape, dtype)


def fully_connected(draw: Draw, dtype: str) -> Case:
    ci, co = draw.size(1, 40), draw.size(1, 20)
    source, output = draw.tensor((1, ci), dtype), draw.tensor((1, co), dtype)
    weights = draw.weights((co, ci), dtype, co, 0, source)
    options = {"fusedActivationFunction": draw.activation()}
    content = model("FULLY_CONNECTED", [source, *weights], output, options)
    return content, draw.inputs(source.shape, dtype)


def pool(operator: str, draw: Draw, dtype: str) -> Case:
    w, c = window(draw), draw.size(1, 9)
    source = draw.tensor((1, w["h"], w["w"], c), dtype)
    output = Tensor((1, w["oh"], w["ow"], c), dtype, source.scales, source.zero_points)
    options = {"strideH": w["sh"], "strideW": w["sw"], "padding": w["padding"]}
    options |= {"filterHeight": w["kh"], "filterWidth": w["kw"]}
    options |= {"fusedActivationFunction": draw.activation()}
    return model(operator, [source], output, options), draw.inputs(source.shape, dtype)


def max_pool_2d(draw: Draw, dtype: str) -> Case:
    return pool("MAX_POOL_2D", draw, dtype)


def average_pool_2d(draw: Draw, dtype: str) -> Case:
    return pool("AVERAGE_POOL_2D", draw, dtype)


def mean(draw: Draw, dtype: str) -> Case:
    h, w, c = draw.size(1, 14), draw.size(1, 14), draw.size(1, 24)
    source, output = draw.tensor((1, h, w, c), dtype), draw.tensor((1, c), dtype)
    axes = Tensor((2,), "int32", data=np.array([1, 2]))
    return model("MEAN", [source, axes], output, {}), draw.inputs(source.shape, dtype)


def softmax(draw: Draw, dtype: str) -> Case:
    count = draw.size(1, 20)
    source = draw.tensor((1, count), dtype)
    output = Tensor((1, count), dtype, (1 / 256,) if dtype == "int8" else (), (-128,))
    return model("SOFTMAX", [source], output, {"beta": 1.0}), draw.inputs(source.shape, dtype)


def pad(draw: Draw, dtype: str) -> Case:
    h, w, c = draw.size(1, 6), draw.size(1, 6), draw.size(1, 5)
    t, b, left, right = (draw.size(0, 3) for _ in range(4))
    source = draw.tensor((1, h, w, c), dtype)
    shape = (1, h + t + b, w + left + right, c)
    output = Tensor(shape, dtype, source.scales, source.zero_points)
    paddings = Tensor((4, 2), "int32", data=np.array([[0, 0], [t, b], [left, right], [0, 0]]))
    return model("PAD", [source, paddings], output, {}), draw.inputs(source.shape, dtype)


OPERATORS: list[Callable[[Draw, str], Case]] = [
    conv_2d,
    depthwise_conv_2d,
    fully_connected,
    max_pool_2d,
    average_pool_2d,
    mean,
    softmax,
    pad,
]


@pytest.mark.parametrize("dtype", ["int8", "float32"])
@pytest.mark.parametrize("operator", OPERATORS, ids=lambda f: f.__name__)
def test_kernel_equals_reference(
    operator: Callable[[Draw, str], Case], dtype: str, tmp_path: Path
) -> None:
    for seed in range(CASES):
        content, inputs = operator(Draw(f"{operator.__name__} {dtype} {seed}"), dtype)
        expected = reference.predict(content, inputs)
        program = compiler.compile_graph(graph.read(content, "case"))
        got = HostModel(program, tmp_path).run(inputs)
        if dtype == "int8":
            np.testing.assert_array_equal(got, expected, err_msg=f"seed {seed}")
        else:
            limit = 1e-5 * max(1.0, float(np.abs(expected).max()))
            np.testing.assert_allclose(got, expected, rtol=0, atol=limit, err_msg=f"seed {seed}")


def test_fully_connected_rounds_once(tmp_path: Path) -> None:
    """Found in digits_cnn: with two roundings this accumulator gives -29, TFLite gives -28."""
    scales = (float(np.float32(0.016956767)), 0.05678919330239296)
    source = Tensor((1, 1), "int8", scales[:1], (-128,))
    weights = Tensor((1, 1), "int8", scales[1:], (0,), 0, np.array([[-1]]))
    bias = Tensor((1,), "int32", (scales[0] * scales[1],), (0,), 0, np.array([-17636]))
    output = Tensor((1, 1), "int8", (0.35754087567329407,), (19,))
    content = model("FULLY_CONNECTED", [source, weights, bias], output)
    inputs = np.full((1, 1), -128, np.int8)
    got = HostModel(compiler.compile_graph(graph.read(content, "case")), tmp_path).run(inputs)
    assert got.tolist() == [[-28]] == reference.predict(content, inputs).tolist()
