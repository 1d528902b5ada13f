"""The scores of a classifier, against values computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from boardless.judge import scores
from boardless.judge.scores import Bin, PerClass, PerGroup

OUTPUTS = np.array([[9, 5, 5, 1], [2, 2, 2, 2], [0, 1, 3, 2]], np.int8)


@pytest.mark.parametrize(
    ("labels", "k", "expected"),
    [
        ([0, 0, 2], 1, 1.0),
        ([0, 1, 2], 1, 2 / 3),  # of equal outputs the first one wins
        ([1, 1, 3], 2, 1.0),
        ([2, 2, 0], 2, 0.0),
        ([2, 2, 1], 3, 1.0),
        ([3, 3, 0], 3, 0.0),
    ],
)
def test_top_k(labels: list[int], k: int, expected: float) -> None:
    assert scores.top_k(OUTPUTS, np.array(labels), k) == pytest.approx(expected)


def test_top_1_is_that_of_the_device() -> None:
    outputs = np.random.default_rng(0).integers(-3, 3, (200, 7)).astype(np.int8)
    labels = np.arange(200) % 7
    assert scores.top_k(outputs, labels, 1) == (outputs.argmax(axis=1) == labels).mean()
    wild = np.array([[1.0, np.nan, np.inf], [0.0, 2.0, 1.0]], np.float32)
    for label in range(3):
        labels = np.array([label, label])
        assert scores.top_k(wild, labels, 1) == (wild.argmax(axis=1) == labels).mean()


def test_precision_and_recall() -> None:
    labels, top = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 2])
    counts = scores.confusion(top, labels, 4)
    assert counts.tolist() == [[2, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    found = scores.per_class(counts, ("cat", "dog"))
    assert found == (
        PerClass("cat", 3, 2, 2),
        PerClass("dog", 2, 2, 1),
        PerClass("2", 0, 1, 0),
        PerClass("3", 0, 0, 0),
    )
    assert [c.precision for c in found] == [1.0, 0.5, 0.0, None]
    assert [c.recall for c in found] == [2 / 3, 0.5, None, None]


def test_groups() -> None:
    right = np.array([True, False, True, True])
    found = scores.per_group(right, ("night", "night", "day", "day"))
    assert found == (PerGroup("day", 2, 2), PerGroup("night", 2, 1))
    assert [group.accuracy for group in found] == [1.0, 0.5]


def test_calibration_of_probabilities() -> None:
    """Confidences .9 (right), .9 (wrong) and .6 (right): 2/3 of |.5 - .9| and 1/3 of |1 - .6|."""
    real = np.array([[0.9, 0.1], [0.1, 0.9], [0.6, 0.4]])
    found = scores.calibration(real, np.array([0, 0, 0]))
    assert found.error == pytest.approx((2 * 0.4 + 0.4) / 3)
    assert not found.softmax
    low, high = found.bins
    assert low == Bin(8 / 15, 9 / 15, 1, low.confidence, 1.0)
    assert high == Bin(13 / 15, 14 / 15, 2, high.confidence, 0.5)
    assert [low.confidence, high.confidence] == pytest.approx([0.6, 0.9])


def test_calibration_of_other_outputs_takes_their_softmax() -> None:
    real = np.array([[np.log(3.0), 0.0], [0.0, 1000.0]])  # confidences 3/4 and 1
    found = scores.calibration(real, np.array([0, 1]))
    assert found.softmax
    assert found.error == pytest.approx(0.25 / 2)


def test_rounded_probabilities_are_probabilities() -> None:
    raw = np.array([[85, 85, 85], [255, 0, 0], [128, 128, 1]])  # sums 255, 255 and 257 of 256
    assert not scores.calibration(raw / 256, np.array([0, 0, 0]), 1 / 256).softmax
    assert scores.calibration(raw / 128, np.array([0, 0, 0]), 1 / 128).softmax


def test_percentiles_are_values_that_occur() -> None:
    found = scores.percentiles([*range(1, 101)])
    assert found == {50: 50, 90: 90, 95: 95, 99: 99, 100: 100}
    assert scores.percentiles([3, 1])[50] == 1  # the lower of the two in the middle
