"""No optimised variant is slower than the reference, for shapes that people use: both run on the
emulated core, where a copy of the board that may use no variant has the reference."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from boardless.core import paths
from command_line import Cli
from one_operator import Tensor
from properties.steps import Step, chain

pytestmark = pytest.mark.emulated

BOARD = "mps2-an385"  # whose variants are the scalar ones
SCALE = 0.05
# height, width, stride and depth multiplier of filters one after the other
SHAPES = [
    (3, 3, 1, 1),
    (5, 5, 1, 1),
    (7, 7, 1, 1),
    (1, 9, 1, 1),
    (9, 1, 1, 1),
    (1, 1, 1, 1),
    (2, 2, 1, 1),
    (4, 3, 1, 1),
    (3, 3, 2, 2),
    (3, 3, 1, 1),
    (10, 8, 1, 1),
    (3, 3, 3, 1),
    (3, 3, 1, 3),
]


def depthwise(size: int = 9, channels: int = 5) -> bytes:
    """Returns a model with a layer of every shape; padding is SAME, so maps become small."""
    generator = np.random.default_rng(1)
    source = at = Tensor((1, size, size, channels), "int8", (SCALE,), (3,))
    steps = []
    for height, width, stride, multiplier in SHAPES:
        outputs = at.shape[-1] * multiplier
        scales = tuple(np.linspace(0.002, 0.01, outputs, dtype=np.float32).tolist())
        shape = (1, height, width, outputs)
        taps = Tensor(shape, "int8", scales, (0,), 3, generator.integers(-127, 128, shape))
        size = -(-size // stride)
        at = Tensor((1, size, size, outputs), "int8", (SCALE,), (3,))
        options = {"strideH": stride, "strideW": stride, "depthMultiplier": multiplier}
        bias_scales = tuple(float(np.float32(SCALE) * np.float32(scale)) for scale in scales)
        bias = Tensor((outputs,), "int32", bias_scales, (0,), 0, np.arange(outputs) * 100)
        options |= {"dilationHFactor": 1, "dilationWFactor": 1}
        steps.append(Step("DEPTHWISE_CONV_2D", [taps, bias], at, options))
    return chain(source, steps)


def test_scalar_depthwise(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, pictures, folder = tmp_path / "model.tflite", tmp_path / "in.npz", tmp_path / "plain"
    model.write_bytes(depthwise())
    inputs = np.random.default_rng(2).integers(-128, 128, (1, 9, 9, 5)).astype(np.int8)
    np.savez(pictures, inputs=inputs)
    shutil.copytree(paths.BOARDS / BOARD, folder / "plain-board")
    table = folder / "plain-board" / "board.toml"
    text = table.read_text()
    assert 'variants = ["scalar"]' in text
    table.write_text(text.replace('variants = ["scalar"]', "variants = []"))
    monkeypatch.setenv("BOARDLESS_BOARDS", str(folder))
    counts = []
    for board in (BOARD, "plain-board"):
        options = ("--board", board, "--images", str(pictures), "--json", "-")
        done = cli("run", str(model), *options)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        (found,) = found if isinstance(found, list) else [found]
        assert found["bit_exact"]
        assert len(found["layers"]) == len(SHAPES)
        counts.append([layer["instructions"] for layer in found["layers"]])
    slower = {
        shape: (fast, plain)
        for shape, fast, plain in zip(SHAPES, *counts, strict=True)
        if fast > plain
    }
    assert not slower, f"slower than the reference: {slower}"
