"""Three operators that make a dilated convolution are one, with the same results."""

from __future__ import annotations

import random

import numpy as np
import pytest
from boardless.core.errors import BadInput
from boardless.model import compiler, graph
from one_operator import Operator, Tensor
from one_operator import graph as network
from properties import by_place, runners
from properties.drawing import DrawnCase

WINDOW = {
    "strideH": 1,
    "strideW": 1,
    "dilationHFactor": 1,
    "dilationWFactor": 1,
    "padding": 1,  # VALID
}
NAMES = {"CONV_2D": {}, "DEPTHWISE_CONV_2D": {"depthMultiplier": 1}}


def dilated(operator: str, dtype: str, rng: random.Random, crop: int = 0) -> tuple[bytes, Tensor]:
    """Returns a model and its input: a 3x3 filter over blocks, which pads and crops at random."""
    draw = np.random.default_rng(rng.randrange(1 << 32))
    scaled = dtype == "int8"
    block = [rng.randint(1, 3), rng.randint(1, 3)]
    size = [rng.randint(3, 7) + 2 * each for each in block]
    pads = [[each, each + rng.randint(0, 2)] for each in block]
    pads = [[a, b + -(n + a + b) % k] for n, (a, b), k in zip(size, pads, block, strict=True)]
    crops = [[crop or rng.randint(0, a), rng.randint(0, b)] for a, b in pads]
    maps = block[0] * block[1]
    sides = [(n + sum(pair)) // k for n, pair, k in zip(size, pads, block, strict=True)]
    inner = [side - 2 for side in sides]
    whole = [side * k - sum(pair) for side, k, pair in zip(inner, block, crops, strict=True)]
    source = Tensor((1, *size, 3), dtype, *(((0.1,), (5,)) if scaled else ()))
    shape = (1, 3, 3, 3) if "DEPTHWISE" in operator else (4, 3, 3, 3)
    channels = 3 if "DEPTHWISE" in operator else 4
    result = Tensor((maps, *inner, channels), dtype, *(((0.3,), (-9,)) if scaled else ()))
    taps = draw.integers(-127, 128, shape) if scaled else draw.normal(size=shape)
    bias = draw.integers(-900, 900, channels) if scaled else draw.normal(size=channels)
    tensors = [
        source,
        by_place.integers(block),
        by_place.integers(pads),
        by_place.like(source, (maps, *sides, 3)),
        Tensor(shape, dtype, (0.02,) if scaled else (), data=taps),
        Tensor((channels,), "int32" if scaled else dtype, data=bias),
        result,
        by_place.integers(crops),
        by_place.like(result, (1, *whole, channels)),
    ]
    operators = [
        Operator("SPACE_TO_BATCH_ND", [0, 1, 2], [3]),
        Operator(operator, [3, 4, 5], [6], WINDOW | NAMES[operator]),
        Operator("BATCH_TO_SPACE_ND", [6, 1, 7], [8]),
    ]
    return network(tensors, operators, 0, 8), source


@pytest.mark.parametrize("dtype", ["int8", "float32"])
@pytest.mark.parametrize("operator", NAMES)
def test_it_is_one_convolution(operator: str, dtype: str) -> None:
    for seed in range(12):
        content, source = dilated(operator, dtype, random.Random(seed))
        values = np.random.default_rng(seed).normal(size=(2, *source.shape[1:])) * 40
        fed = values.clip(-128, 127).astype(dtype)
        runners.check(DrawnCase(content, fed, f"{operator} {dtype} {seed}"), "host")
        program = compiler.compile_graph(graph.read(content, "net"))
        assert [layer.op for layer in program.layers] == [operator]


def test_what_crops_more_than_it_pads_is_refused() -> None:
    content, _ = dilated("CONV_2D", "int8", random.Random(3), crop=5)
    with pytest.raises(BadInput, match=r"operator 1 CONV_2D.*batch size"):
        compiler.compile_graph(graph.read(content, "net"))
