"""The columns of reports: each form of a report is made of them."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any
from xml.etree import ElementTree

import example_report
import pytest
from boardless.report import column, columns, gate_columns, github, junit, measures
from boardless.report.column import Column
from boardless.report.columns import COLUMNS

EXTRA: Column[Any] = Column(
    "luck",
    "luck",
    "a column of this test",
    lambda outcome: 7_000,
    rank=2,
    mood=lambda value: "bad",
)


@pytest.mark.parametrize("known", [columns.COLUMNS, gate_columns.COLUMNS], ids=["runs", "gate"])
def test_columns_are_told_apart(known: tuple[Column[Any], ...]) -> None:
    for part in ("name", "title", "about"):
        found = [getattr(each, part) for each in known]
        assert all(found)
    for part in ("name", "title"):
        found = [getattr(each, part) for each in known]
        assert len(set(found)) == len(found), part
    assert [each.name for each in known if each.rank == 0][:2] == ["model", "board"]


def test_a_column_is_shown_in_every_form(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert EXTRA.shown(EXTRA.value(None)) == "7,000"
    assert EXTRA.in_markdown(7_000) == "**7,000**"
    assert EXTRA.record(None) == {"luck": 7_000}
    assert (EXTRA.shown(None), EXTRA.feeling(None), EXTRA.sorted_by(None)) == ("?", "", None)
    column.show([EXTRA], [{"luck": 7_000}, {"luck": None}])
    shown = [line.strip("| ") for line in capsys.readouterr().out.splitlines() if "|" in line]
    assert shown == ["luck", "7,000", "?"]
    monkeypatch.setattr(github, "COLUMNS", (*COLUMNS, EXTRA))
    row = example_report.case()
    row.values["luck"] = 7_000
    said = github.summary(example_report.report(row))
    lines = [[cell.strip() for cell in line.split("|")] for line in said.splitlines()]
    head = next(cells for cells in lines if "luck" in cells)
    assert lines[lines.index(head) + 2][head.index("luck")] == "**7,000**"
    check = junit.Check("b", "a", properties=[("luck", EXTRA.shown(7_000))])
    (found,) = ElementTree.fromstring(junit.text("x", [check]).encode()).iter("property")
    assert found.attrib == {"name": "luck", "value": "7,000"}


def test_an_optional_column_goes_where_no_row_has_a_value() -> None:
    optional = dataclasses.replace(EXTRA, optional=True)
    assert column.present([optional], [{"luck": None}, {}]) == []
    assert column.present([optional], [{"luck": None}, {"luck": 1}]) == [optional]
    assert column.present([EXTRA], [{}]) == [EXTRA]


@pytest.mark.parametrize(
    ("right", "of", "said"),
    [
        (3, 4, "3 of 4 (30..95 %)"),
        (0, 1, "0 of 1 (0..79 %)"),
        (29, 29, "29 of 29 (88..100 %)"),
        (15, 30, "50.00%"),
        (350, 360, "97.22%"),
    ],
)
def test_an_accuracy_of_few_pictures_is_none(right: int, of: int, said: str) -> None:
    assert measures.accuracy_text(right, of) == said


@pytest.mark.parametrize(
    ("before", "now", "of", "terminal", "markdown"),
    [
        (0.75, 0.5, 4, "2 of 4 (15..85 %) (-25.00)", "3 of 4 (30..95 %) → 2 of 4 (15..85 %)"),
        (0.5, 0.5, 4, "2 of 4 (15..85 %)", "2 of 4 (15..85 %)"),
        (0.75, 0.5, 40, "50.00% (-25.00)", "75.00% → 50.00% (-25.00 points)"),
        (0.5, 0.5, 40, "50.00%", "50.00%"),
        (None, 0.5, 4, "2 of 4 (15..85 %)", "2 of 4 (15..85 %)"),
    ],
)
def test_the_gate_says_so_of_few_pictures_too(
    before: float | None, now: float, of: int, terminal: str, markdown: str
) -> None:
    (accuracy,) = [each for each in gate_columns.COLUMNS if each.name == "accuracy"]
    value = {"old": before, "new": now, "of": of}
    assert accuracy.shown(value) == terminal
    assert accuracy.in_markdown(value).strip("*") == markdown


@pytest.mark.parametrize("of", [1, 5, 29, 1000])
def test_the_interval_is_where_wilsons_equation_says(of: int) -> None:
    """Its bounds p solve (found - p)^2 = z^2 p (1 - p) / n."""
    for right in range(0, of + 1, max(1, of // 7)):
        low, high = measures.interval(right, of)
        assert 0 <= low <= right / of <= high <= 1
        for bound in (low, high):
            distance = 1.96**2 * bound * (1 - bound) / of
            assert math.isclose((right / of - bound) ** 2, distance, abs_tol=1e-9)


def test_gate_columns_read_json() -> None:
    figures = {
        "memory": dict.fromkeys(("arena_bytes", "static_ram_bytes", "flash_bytes"), 10)
        | {"stack_bytes": 1},
        "instructions": {"whole": 100},
        "cycles": {"cortex-m4": {"whole": 50}},
    }
    faster = figures | {"instructions": {"whole": 90}}
    row: dict[str, Any] = {
        "model": "a",
        "board": "b",
        "figures": faster,
        "baseline": figures,
        "findings": [],
    }
    row |= {"predictions": {"changed": 0, "of": 3}, "verdict": "better", "ok": True}
    found = gate_columns.values(json.loads(json.dumps(row)))
    shown = {each.name: each.shown(found[each.name]) for each in gate_columns.COLUMNS}
    assert shown["instructions"] == "90 (-10)"
    assert shown["ram"] == "11"
    assert shown["predictions"] == "same"
    by_name = {each.name: each for each in gate_columns.COLUMNS}
    assert by_name["instructions"].feeling(found["instructions"]) == "good"
    assert gate_columns.is_changed(found)
    another = row | {
        "figures": faster | {"model": "n", "outputs": "p"},
        "baseline": faster | {"model": "m", "outputs": "o"},
        "card_accuracy": {"now": 0.9, "before": 0.875},
    }
    found = gate_columns.values(another)
    assert found["predictions"] == "outputs changed"
    assert gate_columns.is_changed(found)
    card = by_name["card_accuracy"]
    assert card.shown(found["card_accuracy"]) == "90.00% (+2.50)"
    assert card.in_markdown(found["card_accuracy"]) == "87.50% → 90.00% (+2.50 points)"
    retrained = row | {"baseline": faster, "predictions": {"changed": 2, "of": 3}}
    assert gate_columns.is_changed(gate_columns.values(retrained))
    assert not gate_columns.is_changed(gate_columns.values(row | {"baseline": faster}))
