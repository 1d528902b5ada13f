"""The content of reports, and that it is readable: colours, Markdown, annotations, JUnit XML."""

from __future__ import annotations

import re
from itertools import product
from typing import Any
from xml.etree import ElementTree

import pytest
from boardless.core import paths
from boardless.judge.records import Case, Judgement, Misfit
from boardless.report import github, junit
from boardless.report.junit import Check

CSS = (paths.PACKAGE / "report" / "templates" / "report.css").read_text()
Colour = tuple[float, ...]


# --- Colours --------------------------------------------------------------------------------------
def theme(name: str) -> dict[str, Colour]:
    """Variables of a theme, red, green and blue of 0..255."""
    blocks = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    assert len(blocks) == 2
    found: dict[str, Colour] = {}
    for key, value in re.findall(r"--(\w+): ([^;]+);", blocks[name == "dark"]):
        digits = value.removeprefix("#")
        if value.startswith("#"):
            found[key] = tuple(int(digits[i : i + 2], 16) for i in (0, 2, 4))
        else:
            found[key] = tuple(map(float, value.split(",")))
    return found


def contrast(a: Colour, b: Colour) -> float:
    """Returns the contrast of WCAG 2: 1 to 21."""

    def luminance(colour: Colour) -> float:
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
            for c in (value / 255 for value in colour)
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(a), luminance(b)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_colours_can_be_told_apart(name: str) -> None:
    """Text 4.5 : 1, what is drawn 3 : 1 (WCAG 2, level AA)."""
    colours = theme(name)
    for text, ground in product(("text", "faint", "link", "good", "bad"), ("ground", "panel")):
        assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for drawn, ground in product(("a", "b", "c", "d", "mark"), ("ground", "panel")):
        assert contrast(colours[drawn], colours[ground]) >= 3, (drawn, ground)
    pairs = zip(colours["heat"], colours["ground"], strict=True)
    darkest = tuple(0.5 * heat + 0.5 * ground for heat, ground in pairs)
    assert contrast(colours["text"], darkest) >= 4.5


def test_every_colour_is_of_a_theme() -> None:
    rules = re.sub(r":root \{.*?\}", "", CSS, flags=re.DOTALL)
    assert not re.search(r"#[0-9a-f]{3,8}|rgb(?!a\(var\()", rules)
    lengths = {"v"}  # of bars, which the page sets
    used = set(re.findall(r"var\(--(\w+)\)", rules)) - lengths
    assert used <= set(theme("light")) == set(theme("dark"))


# --- Markdown and annotations ---------------------------------------------------------------------
def row(name: str, old: int | None, new: int, **changes: Any) -> dict[str, Any]:
    """Returns a row of `boardless gate --json`, with a single size in all places."""

    def figures(size: int) -> dict[str, Any]:
        sizes = dict.fromkeys(("arena_bytes", "static_ram_bytes", "flash_bytes"), size)
        return {
            "memory": sizes | {"stack_bytes": 0},
            "instructions": {"whole": size},
            "cycles": {"cortex-m4": {"whole": size}},
        }

    return {
        "model": f"{name}:int8",
        "board": "mps2-an386",
        "file": f"models/zoo/{name}/baseline/mps2-an386.toml",
        "ok": True,
        "verdict": "ok",
        "figures": figures(new),
        "baseline": None if old is None else figures(old),
        "findings": [],
        "predictions": {"changed": 0, "of": 4},
    } | changes


def gate(*rows: dict[str, Any], others: tuple[str, ...] = ()) -> dict[str, Any]:
    lines = [f["line"] for each in rows for f in each["findings"]]
    ok = not others and all(each["ok"] for each in rows)
    return {"ok": ok, "rows": list(rows), "findings": [*lines, *others], "notes": ["a note"]}


WORSE = {"line": "a:int8 mps2-an386 arena: 100 -> 150 (+50 %)\n, limit", "fails": True}


def test_a_table_shows_before_and_now() -> None:
    said = github.summary(gate(row("a", 1000, 1500), row("b", 7, 7), row("c", None, 9)))
    assert said.startswith(f"{github.MARKER}\n## boardless on mps2-an386: all well\n\n| model |")
    lines = [line for line in said.splitlines() if line.startswith("| ")]
    assert len({line.count("|") for line in lines}) == 1
    change = "1,000 → 1,500 (+50.0 %)"
    assert lines[2] == f"| a:int8 | mps2-an386 | same | {' | '.join([change] * 5)} | ok |"
    assert lines[3] == f"| b:int8 | mps2-an386 | same | {' | '.join(['7'] * 5)} | ok |"
    assert lines[4] == f"| c:int8 | mps2-an386 | right | {' | '.join(['9'] * 5)} | ok |"
    assert said.endswith("\n\n<sub>a note</sub><br>\n")


def test_a_prediction_set_that_changed_is_never_the_same() -> None:
    """A model that was trained again may predict otherwise, and is shown so."""
    accuracy = {"now": 0.8, "before": 0.75, "of": 60}
    retrained = row("a", 7, 7, predictions={"changed": 40, "of": 60}, accuracy=accuracy)
    others = row("b", 7, 7, predictions=None)
    said = github.summary(gate(retrained, others))
    assert "| a:int8 | mps2-an386 | 40 of 60 changed | 75.00% → 80.00% (+5.00 points) |" in said
    assert "| b:int8 | mps2-an386 | other inputs | ? |" in said


def test_many_rows_that_are_as_before_are_folded_away() -> None:
    same = [row(f"m{i}", 5, 5) for i in range(github.SAME + 1)]
    said = github.summary(gate(*same[:3], row("a", 1, 2), *same[3:]))
    head, _, folded = said.partition("<details><summary>7 as before</summary>\n\n|")
    assert "| a:int8 |" in head
    assert "| m0:int8 |" not in head
    assert folded.count(":int8 |") == len(same)
    assert "<details>" not in github.summary(gate(*same[1:]))


def test_an_annotation_is_one_line_at_the_file() -> None:
    data = gate(row("a", 1, 2, ok=False, findings=[WORSE]), others=("unused: 100 %",))
    lines = github.workflow_commands(data).splitlines()
    assert lines == [
        "::error file=models/zoo/a/baseline/mps2-an386.toml,title=a%3Aint8 on mps2-an386::"
        "a:int8 mps2-an386 arena: 100 -> 150 (+50 %25)%0A, limit",
        "::error title=boardless::unused: 100 %25",
    ]
    assert github.workflow_commands(gate(row("a", 1, 2))) == ""
    accepted = row("a", 1, 2, findings=[WORSE])
    assert github.workflow_commands(gate(accepted)) == ""


def test_a_name_cannot_mention_people_or_end_the_table() -> None:
    said = github.summary(gate(row("<b>|@everybody", 1, 1)))
    assert "&lt;b>\\|@<!-- -->everybody:int8" in said


# --- JUnit XML ------------------------------------------------------------------------------------
def test_junit_has_a_suite_per_board() -> None:
    cases = [
        Check("one", "a", seconds=1.5),
        Check("two", "b", ["first <cause>\x1b[0m", "second"]),
        Check("one", "c", skipped="not today"),
    ]
    root = ElementTree.fromstring(junit.text("boardless gate", cases).encode())
    about = {"name": "boardless gate", "tests": "3", "failures": "1", "errors": "0"}
    assert root.attrib == about | {"time": "1.500"}
    assert [suite.attrib["skipped"] for suite in root] == ["1", "0"]
    assert [(s.attrib["name"], len(s)) for s in root] == [("one", 2), ("two", 1)]
    (failure,) = root.iter("failure")
    assert failure.attrib["message"] == "first <cause>?[0m"
    assert failure.text == "first <cause>?[0m\nsecond"
    assert [case.attrib["name"] for case in root.iter("testcase")] == ["a", "c", "b"]


def test_junit_of_what_does_not_fit() -> None:
    from boardless.device import boards

    case = Case("digits_cnn", "int8", boards.load("mps2-an386"))
    misfits = (Misfit(case, "too big", fitted=False), Misfit(case, "too big", fitted=True))
    found = junit.of_gate(Judgement((), ("file.toml: unused baseline",), (), misfits))
    assert [(c.suite, bool(c.failures), bool(c.skipped)) for c in found] == [
        ("mps2-an386", False, True),
        ("mps2-an386", True, False),
        ("baselines", True, False),
    ]
