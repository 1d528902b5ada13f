"""The table of `boardless compare`: refusals are rows, and Markdown has what a terminal has."""

from __future__ import annotations

import pytest
from boardless.front import compare
from boardless.front.compare import CompareRow
from boardless.judge.predictions import Verdict
from boardless.report import compare as report

REFUSED = CompareRow("mps2-an386", "tflx", refused="unknown runtime 'tflx'")


def test_a_refusal_is_a_row_with_its_reason() -> None:
    assert report.cells(REFUSED)[:3] == ["mps2-an386", "tflx", "refused"]
    assert report.remarks([REFUSED]) == ["refused, tflx mps2-an386: unknown runtime 'tflx'"]
    found = report.record(REFUSED)
    assert (found["refused"], found["memory"]) == ("unknown runtime 'tflx'", None)


def test_markdown_has_a_column_for_each_title_but_times() -> None:
    title, rule, row = report.markdown("litert", [REFUSED])
    assert title.startswith("| board | runtime | version | own reference | litert | instructions |")
    assert "ms" not in title.split()
    assert title.count("|") == rule.count("|") == row.count("|")


@pytest.mark.parametrize(
    ("ok", "exact", "error", "wrong", "text"),
    [
        (True, True, 0.0, (), "exact"),
        (True, False, 1e-6, (), "within 1e-06"),
        (False, False, 2.0, (3, 7), "2 of 16 differ, by up to 2"),
    ],
)
def test_how_far_off(
    ok: bool, exact: bool, error: float, wrong: tuple[int, ...], text: str
) -> None:
    verdict = Verdict(ok, "", 1.0, exact, error, wrong, None, None)
    assert report.difference(verdict, 16) == text


def test_all_runtimes_are_compared_where_none_is_named() -> None:
    found = compare.every("mps2-an386")
    assert found[:2] == ["boardless", "bakenn:cmsis_nn"]
    assert "bakenn:cmsis_nn" not in compare.every("mps3-an547")
