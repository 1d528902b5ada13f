"""Kinds of models that people bring, each of which was refused once: they give TFLite's values.

.venv/bin/pytest tests/properties/test_brought_models.py
"""

from __future__ import annotations

import numpy as np
import pytest
from boardless.core.errors import BadInput
from boardless.model import compiler, graph
from one_operator import Operator, Tensor, model
from one_operator import graph as network
from properties import runners
from properties.drawing import Case

RNG = np.random.default_rng(5)
CONVOLUTION = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}


MULTIPLIER = {"depthMultiplier": 2}


def int8(*shape: int, count: int = 3) -> np.ndarray:
    """Returns `count` inputs of this shape without its batch."""
    return RNG.integers(-128, 128, (count, *shape[1:])).astype(np.int8)


def filters(*shape: int) -> Tensor:
    data = RNG.integers(-127, 128, shape)
    return Tensor(shape, "int8", (0.01,) * shape[0], (0,), 0, data)


def test_a_dense_layer_over_every_pixel_of_a_map() -> None:
    """Edge Impulse's transfer-learning heads: the rank stays, and a dense layer follows."""
    tensors = [
        Tensor((1, 3, 3, 16), "int8", (0.05,), (-128,)),
        filters(8, 16),
        Tensor((1, 3, 3, 8), "int8", (0.1,), (-40,)),
        Tensor((1, 72), "int8", (0.1,), (-40,)),
        filters(3, 72),
        Tensor((1, 3), "int8", (0.2,), (5,)),
    ]
    operators = [
        Operator("FULLY_CONNECTED", [0, 1], [2], {"keepNumDims": True}),
        Operator("RESHAPE", [2], [3], {"newShape": [1, 72]}),
        Operator("FULLY_CONNECTED", [3, 4], [5]),
    ]
    case = Case(network(tensors, operators, 0, 5), int8(1, 3, 3, 16), "dense over a map")
    runners.check(case, "host")
    program = compiler.compile_graph(graph.read(case.content, "file"))
    assert program.nominal_macs == program.macs == 9 * 16 * 8 + 72 * 3


@pytest.mark.parametrize("count", [1, 2, 5])
def test_weights_of_float16_are_no_activations(count: int) -> None:
    """Any number of filters: their first axis is no batch."""
    weights = RNG.normal(size=(count, 1, 1, 3)).astype(np.float16)
    tensors = [
        Tensor((1, 4, 4, 3), "float32"),
        Tensor((count, 1, 1, 3), "float16", data=weights),
        Tensor((count, 1, 1, 3), "float32"),
        Tensor((count,), "float16", data=np.arange(count)),
        Tensor((count,), "float32"),
        Tensor((1, 4, 4, count), "float32"),
    ]
    operators = [
        Operator("DEQUANTIZE", [1], [2]),
        Operator("DEQUANTIZE", [3], [4]),
        Operator("CONV_2D", [0, 2, 4], [5], CONVOLUTION),
    ]
    inputs = RNG.normal(size=(3, 4, 4, 3)).astype(np.float32)
    runners.check(Case(network(tensors, operators, 0, 5), inputs, f"{count} filters"), "host")


LAYERS = {
    "CONV_2D": ((1, 6, 6, 3), (4, 3, 3, 3), (1, 6, 6, 4), CONVOLUTION),
    "DEPTHWISE_CONV_2D": ((1, 6, 6, 3), (1, 3, 3, 6), (1, 6, 6, 6), CONVOLUTION | MULTIPLIER),
    "FULLY_CONNECTED": ((1, 2, 2, 9), (5, 36), (1, 5), {}),
    "FULLY_CONNECTED of rows": ((1, 3, 9), (5, 9), (3, 5), {}),
}


@runners.machines
@pytest.mark.parametrize("zero_point", [0, 90, 173, 255])
@pytest.mark.parametrize("layer", LAYERS)
def test_uint8_weights_of_any_zero_point(layer: str, zero_point: int, machine: str) -> None:
    """TensorFlow 1 made them: around the zero point they may reach further than int8 can."""
    shape, weights, result, options = LAYERS[layer]
    channels = result[-1]
    tensors = [
        Tensor(shape, "uint8", (0.05,), (120,)),
        Tensor(weights, "uint8", (0.01,), (zero_point,), 0, RNG.integers(0, 256, weights)),
        Tensor((channels,), "int32", (0.0005,), (0,), 0, RNG.integers(-3000, 3000, channels)),
    ]
    output = Tensor(result, "uint8", (0.2,), (100,))
    content = model(layer.split()[0], tensors, output, options)
    runners.check(Case(content, int8(*shape), f"{layer} {zero_point}"), machine)


def test_softmax_names_the_scale_that_is_too_small() -> None:
    source, output = ((1, 8), "int8", (1e-9,), (0,)), ((1, 8), "int8", (1 / 256,), (-128,))
    content = model("SOFTMAX", [Tensor(*source)], Tensor(*output), {"beta": 1.0})
    with pytest.raises(BadInput, match=r"beta 1 times the input's scale 1e-09 is below 7.5e-09"):
        compiler.compile_graph(graph.read(content, "file"))
