"""Tests that share drawn cases fail as other properties do: with the simplest case that fails."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import hypothesis
import pytest
from properties import drawn, repeat
from properties.drawing import DrawnCase

CASES = {"operator": "relu", "dtype": "int8"}
pytestmark = pytest.mark.skipif(not drawn.are_kept(), reason="cases are drawn anew for each test")


def test_each_test_gets_all_cases_and_they_are_the_same() -> None:
    seen: list[list[DrawnCase]] = [[], [], []]

    @drawn.every_case
    def first(operator: str, dtype: str, case: DrawnCase) -> None:
        seen[0].append(case)

    @drawn.every_case
    def second(folder: str, dtype: str, case: DrawnCase) -> None:
        seen[1].append(case)

    @drawn.all_cases
    def third(operator: str, dtype: str, cases: Sequence[DrawnCase]) -> None:
        seen[2] += cases

    first(**CASES)
    second(folder="relu", dtype="int8")
    third(**CASES)
    assert seen[0] == seen[1] == seen[2]
    assert len({case.content + case.inputs.tobytes() for case in seen[0]}) >= 90


def test_the_simplest_case_that_fails_is_reported_with_what_repeats_it() -> None:
    failed: list[int] = []

    @drawn.every_case
    def small(operator: str, dtype: str, case: DrawnCase) -> None:
        if case.inputs.shape[1] >= 5:
            failed.append(case.inputs.shape[1])
            raise AssertionError("too long")

    with pytest.raises(AssertionError, match="too long") as caught:
        small(**CASES)
    assert failed[0] == failed[1] > failed[-1] == 5
    assert any(repeat.BLOB.search(note) for note in caught.value.__notes__)
    assert hypothesis.is_hypothesis_test(small)


def test_the_simplest_of_cases_that_run_together_is_reported() -> None:
    checked: list[int] = []

    @drawn.all_cases
    def together(operator: str, dtype: str, cases: Sequence[DrawnCase]) -> None:
        checked.append(len(cases))
        assert all(case.inputs.shape[1] < 5 for case in cases)

    with pytest.raises(AssertionError) as caught:
        together(**CASES)
    assert checked[0] >= 90
    assert set(checked[1:]) == {1}
    assert any("Draw 1: <relu int8" in note for note in caught.value.__notes__)


def test_a_case_that_fails_only_once_is_reported() -> None:
    checked: list[DrawnCase] = []

    @drawn.every_case
    def flaky(operator: str, dtype: str, case: DrawnCase) -> None:
        checked.append(case)
        assert len(checked) != 7

    with pytest.raises(AssertionError) as caught:
        flaky(**CASES)
    assert str(checked[6]) in caught.value.__notes__[0]


def test_tests_of_the_same_cases_follow_each_other() -> None:
    @drawn.every_case
    def some(operator: str, dtype: str, case: DrawnCase) -> None:
        pass

    def item(**params: str) -> SimpleNamespace:
        return SimpleNamespace(obj=some, callspec=SimpleNamespace(params=params))

    other = SimpleNamespace(obj=repeat)
    abs_, add, neg = (item(operator=name, dtype="int8") for name in ("abs", "add", "neg"))
    again, unary = item(operator="abs", dtype="int8", board="b"), item(folder="unary", dtype="int8")
    items = [abs_, other, neg, add, again, unary]
    drawn.in_rows(items)
    assert items == [add, other, abs_, again, neg, unary]
