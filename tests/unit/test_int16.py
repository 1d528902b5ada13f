"""Checks what is refused of int16 models, since TensorFlow Lite refuses it or is not sure of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from boardless.core.errors import BadInput
from boardless.data import meaning, pictures
from boardless.model import compiler, graph
from boardless.model.graph import Graph, Quantisation
from boardless.model.graph import Tensor as Activation
from one_operator import Tensor, model

SCALE, SHAPE = 1e-3, (1, 4)


def dense(bias: Tensor, filter_scale: float = 0.01, **options: Any) -> bytes:
    window = Tensor((4, 1, 1, 4), "int8", (filter_scale,), (0,), data=np.full((4, 1, 1, 4), 127))
    source, output = (Tensor((1, 1, 1, 4), "int16", (SCALE,)) for _ in range(2))
    given = {"padding": 1, "strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}
    return model("CONV_2D", [source, window, bias], output, given | options)


def bias(dtype: str, value: int = 0) -> Tensor:
    return Tensor((4,), dtype, (1e-5,), (0,), data=np.full(4, value))


def pair(operator: str, scales: tuple[float, ...], zero_point: int = 0, **options: Any) -> bytes:
    a, b, output = (Tensor(SHAPE, "int16", (scale,), (zero_point,)) for scale in scales)
    b.data = np.ones(SHAPE)
    return model(operator, [a, b], output, options)


def alone(operator: str, scale: float, output_scale: float, **options: Any) -> bytes:
    source, output = (Tensor(SHAPE, "int16", (s,)) for s in (scale, output_scale))
    return model(operator, [source], output, options)


REFUSED = {
    "bias of another type": (dense(bias("int32")), "int32, but TensorFlow Lite .* as int64"),
    "bias that is said to be narrow": (
        dense(bias("int64"), quantizedBiasType=2),
        "int64, but TensorFlow Lite .* as int32",
    ),
    "bias beyond the arithmetic": (dense(bias("int64", 1 << 47)), "its sums, or the numbers"),
    "factor beyond the arithmetic": (dense(bias("int64"), 200.0), "its sums, or the numbers"),
    "zero point": (pair("ADD", (0.1, 0.1, 0.2), zero_point=5), "zero point .* is 5, not 0"),
    "no shared power of two": (
        pair("ADD", (0.25, 0.25, 0.5), potScaleInt16=True),
        "none of its inputs has the output's scale",
    ),
    "input that shifts too far": (alone("TANH", 8.0, 1 / 32768), "it leaves 32 bits"),
    "other scale of a probability": (alone("LOGISTIC", 0.01, 1 / 256), "scale 1/32768"),
    "other scale of a class": (alone("SOFTMAX", 0.01, 1 / 256, beta=1.0), "scale 1/32768"),
    "clamp that TFLite lacks": (alone("RELU_N1_TO_1", 0.01, 0.01), "its values are int16"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(case: tuple[bytes, str]) -> None:
    content, message = case
    with pytest.raises(BadInput, match=message):
        compiler.compile_graph(graph.read(content, "net"))


def activation(scale: float, shape: tuple[int, ...] = (1, 1, 256, 1)) -> Activation:
    return Activation("t", shape, "int16", Quantisation((scale,), (0,), 0))


def test_pixels_become_int16() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 1, 256, 1)
    got = pictures.as_inputs(pixels, activation(1 / 32767), meaning.USUAL["-1..1"])
    assert got.dtype == np.int16
    expected = [round((2 * p / 255 - 1) * 32767) for p in range(256)]
    assert np.abs(got.reshape(-1).astype(int) - expected).max() <= 1
    again = pictures.as_pixels(got, activation(1 / 32767), meaning.USUAL["-1..1"])
    assert (again == pixels).all()


@pytest.mark.parametrize(
    ("scale", "name", "warns"),
    [(1 / 32767, "0..1", False), (255 / 32767, "0..255", False), (4 / 32767, "0..1", True)],
)
def test_the_range_of_an_int16_input_says_little(scale: float, name: str, warns: bool) -> None:
    found = meaning.of(Graph("net", (activation(scale),), (), 0, 0))
    assert found.name == name
    assert bool(found.warning) is warns
