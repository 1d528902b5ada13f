"""A convolutional network of int16 values and int8 weights, from pictures to classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from boardless import path
from boardless.report import record
from one_operator import Operator, Tensor
from one_operator import graph as network

RNG = np.random.default_rng(16)
FINE = 1 / 32767
WINDOW = {"padding": 0, "strideH": 1, "strideW": 1, "fusedActivationFunction": 1}


def int16(shape: tuple[int, ...], scale: float) -> Tensor:
    return Tensor(shape, "int16", (scale,), (0,))


def weights(shape: tuple[int, ...], axis: int, source: float) -> list[Tensor]:
    """Returns an int8 filter with a scale per output channel, and its int64 bias."""
    scales = tuple(float(np.float32(s)) for s in RNG.uniform(0.002, 0.01, shape[axis]))
    bias_scales = tuple(float(np.float32(s * source)) for s in scales)
    bias = RNG.integers(-1_000_000, 1_000_000, shape[axis])
    return [
        Tensor(shape, "int8", scales, (0,), axis, RNG.integers(-127, 128, shape)),
        Tensor((shape[axis],), "int64", bias_scales, (0,), 0, bias),
    ]


def classifier() -> bytes:
    """Returns a model of 8x8 pictures and three classes: layers of every kind, a residual one."""
    tensors = [
        int16((1, 8, 8, 1), FINE),
        *weights((6, 3, 3, 1), 0, FINE),
        int16((1, 8, 8, 6), 2e-4),
        *weights((1, 3, 3, 6), 3, 2e-4),
        int16((1, 8, 8, 6), 3e-4),
        int16((1, 8, 8, 6), 4e-4),  # the sum of both
        int16((1, 4, 4, 6), 4e-4),
        Tensor((2,), "int32", data=np.array([1, 2])),
        int16((1, 6), 2e-4),
        *weights((3, 6), 0, 2e-4),
        int16((1, 3), 2e-4),
        int16((1, 3), 1 / 32768),
    ]
    dilation = {"dilationHFactor": 1, "dilationWFactor": 1}
    pool = {"filterHeight": 2, "filterWidth": 2, "strideH": 2, "strideW": 2}
    operators = [
        Operator("CONV_2D", [0, 1, 2], [3], WINDOW | dilation),
        Operator("DEPTHWISE_CONV_2D", [3, 4, 5], [6], WINDOW | dilation | {"depthMultiplier": 1}),
        Operator("ADD", [3, 6], [7], {"potScaleInt16": False}),
        Operator("MAX_POOL_2D", [7], [8], WINDOW | pool),
        Operator("MEAN", [8, 9], [10], {"keepDims": False}),
        Operator("FULLY_CONNECTED", [10, 11, 12], [13]),
        Operator("SOFTMAX", [13], [14], {"beta": 1.0}),
    ]
    return network(tensors, operators, 0, 14)


@pytest.mark.emulated
def test_pictures_become_classes(tmp_path: Path) -> None:
    model, images = tmp_path / "sixteen.tflite", tmp_path / "images.npz"
    model.write_bytes(classifier())
    pixels = RNG.integers(0, 256, (20, 8, 8, 1), dtype=np.uint8)
    pixels[0], pixels[1] = 0, 255
    np.savez(images, images=pixels)
    outcome = path.follow(path.Request(str(model), "mps2-an386", images=images))
    assert outcome.verdict.ok, outcome.verdict.reason
    outputs = outcome.run.outputs
    assert outputs.dtype == np.int16
    assert outputs.shape == (20, 3)
    assert np.abs(outputs.sum(axis=1, dtype=int) - 32768).max() < 32  # probabilities
    assert len({*map(tuple, outputs.tolist())}) > 15  # the pictures came in
    said = record.run(outcome)
    assert said["outputs"][0] == outputs[0].tolist()
    assert said["bit_exact"]
