from __future__ import annotations

import numpy as np
from boardless.judge.predictions import compare


def test_equal_int8_is_bit_exact() -> None:
    outputs = np.array([[1, 5], [7, -3]], np.int8)
    verdict = compare(outputs, outputs.copy(), np.array([1, 1]))
    assert verdict.ok
    assert verdict.bit_exact
    assert (verdict.agreement, verdict.max_abs_error, verdict.mismatches) == (1.0, 0.0, ())
    assert verdict.accuracy_device == verdict.accuracy_reference == 0.5


def test_one_unit_of_int8_is_wrong_even_with_the_same_top_1() -> None:
    reference = np.array([[1, 5], [7, -3]], np.int8)
    outputs = reference.copy()
    outputs[1, 1] += 1
    verdict = compare(outputs, reference)
    assert not verdict.ok
    assert not verdict.bit_exact
    assert verdict.agreement == 1.0
    assert verdict.mismatches == (1,)
    assert "1 of 2 predictions differ" in verdict.reason
    assert "first picture 1" in verdict.reason


def test_int8_difference_over_the_whole_range_does_not_wrap() -> None:
    verdict = compare(np.array([[-128, 0]], np.int8), np.array([[127, 0]], np.int8))
    assert verdict.max_abs_error == 255


def test_float32_tolerance_is_absolute_for_probabilities() -> None:
    reference = np.array([[0.25, 0.75]], np.float32)
    assert compare(reference + np.float32(0.9e-5), reference).ok
    assert not compare(reference + np.float32(2e-5), reference).ok


def test_float32_tolerance_grows_with_logits() -> None:
    reference = np.array([[-20.0, 10.0]], np.float32)
    assert compare(reference + np.float32(1e-4), reference).ok
    assert not compare(reference + np.float32(1e-3), reference).ok


def test_float32_needs_the_same_top_1() -> None:
    reference = np.array([[0.5, 0.500001]], np.float32)
    verdict = compare(reference[:, ::-1], reference)
    assert not verdict.ok
    assert verdict.agreement == 0.0


def test_nan_is_wrong() -> None:
    reference = np.array([[0.5, 0.5]], np.float32)
    assert not compare(np.array([[0.5, np.nan]], np.float32), reference).ok
