"""The page of the report: hostile text stays text, files from elsewhere are checked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import html5lib
import msgspec
import pytest
from boardless.core.errors import BadInput
from boardless.judge.predictions import Verdict
from boardless.report import collect, github, grid, kept, page
from boardless.report.columns import COLUMNS
from boardless.report.page_records import Line, Report, Sheet
from example_report import HOSTILE, PICTURE, case, report


def test_text_from_elsewhere_is_never_markup() -> None:
    made = page.render(report(case(HOSTILE), text=HOSTILE, uri=f"javascript:{HOSTILE}"))
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(made)
    elements = [*tree.iter()]
    assert sum(each.tag == "script" for each in elements) == 1
    assert not [each for each in elements if each.tag == "img"]
    for each in elements:
        assert not [name for name in each.attrib if name.startswith("on")], each.attrib
    assert "javascript:" not in made
    assert set(re.findall(r"[^\x20-\x7e\n]", made)) <= set("→\u25b4\u25be")
    assert len(re.findall(r"\\x1b\[2J\\u202e", made)) > 20


def test_markdown_from_elsewhere_is_never_markup() -> None:
    said = github.summary(report(case(HOSTILE), text=HOSTILE))
    assert not re.search(r"<(?!!-- |sub>|/sub>|br>)", said)
    assert "\x1b" not in said
    rows = [line for line in said.splitlines() if line.startswith("| ")]
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in rows}) == 1
    lines = github.workflow_commands(report(case(HOSTILE), text=f"{HOSTILE}\n::error::x"))
    assert lines.count("\n") == 1


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = report(case(), case(id="other"))
    file = tmp_path / "report.json"
    file.write_bytes(msgspec.json.encode(made))
    assert kept.load(file) == made


@pytest.mark.parametrize(
    "damage",
    [
        {"cases": [{}]},
        {"sheets": []},
        {"counts": {"ok": "many"}},
        {"cases": "all"},
        {"version": 1},
        {"revision": 7},
    ],
)
def test_a_damaged_report_is_refused(damage: dict[str, Any], tmp_path: Path) -> None:
    data = msgspec.to_builtins(report(case())) | damage
    file = tmp_path / "report.json"
    file.write_bytes(msgspec.json.encode(data))
    with pytest.raises(BadInput, match=r"report\.json: .*boardless sim"):
        kept.load(file)


@pytest.mark.slow
@pytest.mark.parametrize("value", ["x", [], {"median": "x"}, {"device": 1}, 3, {"verdict": 1}])
@pytest.mark.parametrize("name", [column.name for column in COLUMNS])
def test_a_damaged_value_is_refused_or_shown(name: str, value: Any, tmp_path: Path) -> None:
    damaged = case()
    damaged.values[name] = value
    file = tmp_path / "report.json"
    file.write_bytes(msgspec.json.encode(report(damaged)))
    try:
        found = kept.load(file)
    except BadInput:
        return
    assert isinstance(found, Report)
    page.render(found)
    github.summary(found)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"{", b'{"ok": 1}', b"[" * 5000])
def test_what_is_no_report_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_bytes(content)
    with pytest.raises(BadInput, match="run `boardless sim` first"):
        kept.load(file)


@pytest.mark.parametrize("rows", [7, [7], [{}], [{"figures": 1, "baseline": None}]])
def test_damaged_json_of_the_gate_is_refused(rows: Any, tmp_path: Path) -> None:
    file = tmp_path / "gate.json"
    file.write_bytes(msgspec.json.encode({"ok": True, "rows": rows, "findings": [], "notes": []}))
    with pytest.raises(BadInput, match="damaged JSON"):
        kept.load(file)


def test_what_changed_since_the_run_before() -> None:
    now = case()
    before = case()
    before.values["est_cycles"] = {"target": "x", "median": 120}
    (line,) = collect.changes(report(before), report(now))
    assert line == Line("digits_cnn:int8 digits_cnn:int8: est. cycles 120 → 100", "good", "case")
    (line,) = collect.changes(report(now), report(before))
    assert line.mood == "bad"
    now.values["pictures"] = 8  # then accuracy and counts say nothing
    assert collect.changes(report(before), report(now)) == []
    assert collect.changes(report(case(id="other")), report(now)) == []


def test_tile_places() -> None:
    sheet = Sheet(PICTURE, 3, 2, 8, 8, pixelated=False)
    places = [page.place(cell, sheet) for cell in range(6)]
    assert places == ["0% 0%", "50% 0%", "100% 0%", "0% 100%", "50% 100%", "100% 100%"]
    assert page.place(0, Sheet(PICTURE, 1, 1, 8, 8, pixelated=False)) == "0% 0%"


def test_the_worst_pictures_come_first() -> None:
    import numpy as np
    from boardless.data.records import Pictures

    outputs = np.array([[9, 0, 0], [0, 5, 1], [0, 9, 1], [0, 0, 7]], np.int8)
    labels = np.array([0, 2, 2, 1], np.int64)
    pictures = Pictures(np.zeros((4, 2, 2, 1), np.int8), labels, "four", ("a", "b", "c"))
    run: Any = type("Run", (), {"outputs": outputs, "pictures": pictures, "reference": outputs})
    verdict = Verdict(False, "", 1.0, False, 1.0, (3,), 0.25, 0.25)
    groups = grid.sorted_by_trouble(run, verdict)
    assert [found for _, _, found in groups] == [[3], [2, 1], [0]]
    sheets = grid.Sheets()
    first, second = sheets.grid(run, verdict), sheets.grid(run, verdict)
    assert first == second
    assert len(sheets.made) == 1
