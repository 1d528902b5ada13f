from __future__ import annotations

import json

import numpy as np
import pytest
from boardless.judge.predictions import compare
from boardless.report import record


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


NAN, INF = np.nan, np.inf


@pytest.mark.parametrize(
    ("device", "expected", "ok"),
    [
        ([0.5, NAN], [0.5, NAN], True),
        ([0.5, INF], [0.5, INF], True),
        ([0.5, -INF], [0.5, -INF], True),
        ([0.5, 3.4e38], [0.5, NAN], False),
        ([3.4e38, 0.5], [NAN, NAN], False),
        ([0.5, NAN], [0.5, 0.25], False),
        ([0.5, NAN], [0.5, INF], False),
        ([0.5, INF], [0.5, -INF], False),
        ([0.5, 3.4e38], [0.5, INF], False),
        ([0.6, NAN], [0.5, NAN], False),  # a NaN excuses no other value
        ([0.6, INF], [0.5, INF], False),
    ],
)
def test_nan_and_infinity(device: list[float], expected: list[float], ok: bool) -> None:
    verdict = compare(np.array([device], np.float32), np.array([expected], np.float32))
    assert verdict.ok == ok


def test_nan_on_both_sides_is_shown_as_nan() -> None:
    outputs = np.array([[0.5, NAN]], np.float32)
    verdict = compare(outputs, outputs)
    assert np.isnan(verdict.max_abs_error)
    assert not verdict.bit_exact
    assert np.isinf(compare(outputs, np.array([[NAN, 0.5]], np.float32)).max_abs_error)


def test_json_has_no_words_for_nan() -> None:
    def refuse(word: str) -> None:
        raise AssertionError(word)

    text = record.as_json({"a": [NAN, (INF, -INF)], "b": {"c": NAN}, "d": 1.5, "e": np.float64(2)})
    read = json.loads(text, parse_constant=refuse)
    assert read == {"a": ["nan", ["inf", "-inf"]], "b": {"c": "nan"}, "d": 1.5, "e": 2.0}
    assert np.isnan(np.array(read["a"][0], np.float32))


def test_integers_that_were_printed_may_differ_by_what_printing_explains() -> None:
    reference, printed = np.array([[10, 100]], np.int8), np.array([[11, 98]], np.int8)
    assert not compare(printed, reference).ok
    assert not compare(printed, reference, rounding=np.full((1, 2), 1.9)).ok
    verdict = compare(printed, reference, rounding=np.full((1, 2), 2.0))
    assert verdict.ok
    assert not verdict.bit_exact
    assert verdict.max_abs_error == 2
