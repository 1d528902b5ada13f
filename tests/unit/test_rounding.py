"""Float sums may differ by what their rounding explains, in units of the accumulated magnitude."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from boardless.judge import predictions
from boardless.model import graph, reference
from boardless.model.reference import rounding
from boardless.path import Request, follow
from one_operator import Tensor, model

CLAMP = 2  # TFLite's RELU_N1_TO_1
FILTERS, SIZE, DEPTH = 4, 3, 8
STEPS = SIZE * SIZE * DEPTH + 1


def clamped() -> tuple[bytes, npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """One convolution whose large products cancel: (file, filters, inputs)."""
    drawn = np.random.default_rng(3)
    filters = drawn.normal(0, 0.3, (FILTERS, SIZE, SIZE, DEPTH)).astype(np.float32)
    bias = drawn.normal(0, 1, FILTERS).astype(np.float32)
    made = model(
        "CONV_2D",
        [
            Tensor((1, 8, 8, DEPTH), "float32"),
            Tensor(filters.shape, "float32", data=filters),
            Tensor((FILTERS,), "float32", data=bias),
        ],
        Tensor((1, 6, 6, FILTERS), "float32"),
        {
            "strideH": 1,
            "strideW": 1,
            "dilationHFactor": 1,
            "dilationWFactor": 1,
            "padding": 1,
            "fusedActivationFunction": CLAMP,
        },
    )
    return made, filters, drawn.normal(0, 115, (8, 8, 8, DEPTH)).astype(np.float32)


def fused(
    filters: npt.NDArray[np.float32], bias: npt.NDArray[np.float32], inputs: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Returns the convolution with each product and addition rounded once, as a core with fused
    instructions computes it: a float64 holds a product of two float32 exactly."""
    found = np.zeros((len(inputs), 6, 6, FILTERS), np.float32)
    for o in range(FILTERS):
        total = np.zeros((len(inputs), 6, 6))
        for y, x, c in np.ndindex(SIZE, SIZE, DEPTH):
            step = inputs[:, y : y + 6, x : x + 6, c].astype(np.float64) * filters[o, y, x, c]
            total = (total + step).astype(np.float32).astype(np.float64)
        found[..., o] = np.clip(total.astype(np.float32) + bias[o], -1, 1)
    return found.reshape(len(inputs), -1)


def test_a_fused_sum_is_right_though_it_differs_by_more_than_the_usual_limit() -> None:
    content, filters, inputs = clamped()
    parsed = graph.read(content, "model")
    bias = parsed.tensors[parsed.operators[0].inputs[2]].data
    assert bias is not None
    expected = reference.predict(content, inputs)
    outputs = fused(filters, bias, inputs)
    assert np.abs(outputs - expected).max() > 2 * predictions.FLOAT_TOLERANCE
    assert not predictions.compare(outputs, expected).ok
    allowed = rounding.bound(parsed, content, inputs)
    assert allowed is not None
    assert predictions.compare(outputs, expected, rounding=allowed).ok
    # A product that is missing is no rounding.
    filters[0, 1, 1, 3] = 0
    wrong = fused(filters, bias, inputs)
    assert not predictions.compare(wrong, expected, rounding=allowed).ok


def test_the_limit_is_in_units_of_the_accumulated_magnitude() -> None:
    content, filters, inputs = clamped()
    found = rounding.bound(graph.read(content, "model"), content, inputs)
    assert found is not None
    window = np.abs(inputs[0, :SIZE, :SIZE].astype(np.float64))
    bias = graph.read(content, "model").tensors[2].data
    assert bias is not None
    magnitude = [(window * np.abs(f)).sum() + abs(b) for f, b in zip(filters, bias, strict=True)]
    unit = rounding.DEVIATIONS * rounding.UNIT * np.sqrt(STEPS)
    np.testing.assert_allclose(found[0, :FILTERS], unit * np.array(magnitude), rtol=1e-5)


@pytest.mark.parametrize(
    ("operator", "source", "weights", "output"),
    [
        ("FULLY_CONNECTED", (1, 5), (3, 5), (1, 3)),
        ("DEPTHWISE_CONV_2D", (1, 1, 1, 5), (1, 1, 1, 5), (1, 1, 1, 5)),
    ],
)
def test_other_layers_of_sums(
    operator: str, source: tuple[int, ...], weights: tuple[int, ...], output: tuple[int, ...]
) -> None:
    data = np.random.default_rng(1).normal(0, 1, weights).astype(np.float32)
    options = {"strideH": 1, "strideW": 1, "depthMultiplier": 1, "dilationHFactor": 1}
    options |= {"dilationWFactor": 1, "padding": 1}
    content = model(
        operator,
        [Tensor(source, "float32"), Tensor(weights, "float32", data=data)],
        Tensor(output, "float32"),
        options if len(source) == 4 else None,
    )
    inputs = np.ones(source, np.float32)
    found = rounding.bound(graph.read(content, "model"), content, inputs)
    assert found is not None
    dense = operator == "FULLY_CONNECTED"
    magnitude = np.abs(data).sum(axis=1) if dense else np.abs(data).ravel()
    steps = weights[1] + 1 if dense else 2
    unit = rounding.DEVIATIONS * rounding.UNIT * np.sqrt(steps)
    np.testing.assert_allclose(found[0], unit * magnitude, rtol=1e-5)


def test_other_models_have_the_usual_limit() -> None:
    content = model("LOGISTIC", [Tensor((1, 2), "float32")], Tensor((1, 2), "float32"))
    inputs = np.ones((1, 2), np.float32)
    assert rounding.bound(graph.read(content, "model"), content, inputs) is None


@pytest.mark.emulated
@pytest.mark.parametrize("board", ["mps2-an386", "mps3-an547"])
def test_a_core_with_fused_instructions_is_right(tmp_path: Path, board: str) -> None:
    content, _, inputs = clamped()
    file, pictures = tmp_path / "clamped.tflite", tmp_path / "inputs.npz"
    file.write_bytes(content)
    np.savez(pictures, inputs=inputs)
    outcome = follow(Request(str(file), board, images=pictures, cycles=False))
    assert outcome.verdict.ok, outcome.verdict.reason
    assert outcome.verdict.max_abs_error > predictions.FLOAT_TOLERANCE
