"""Tests of the figures over commits: the file, their order, their changes, and the page."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import example_report
import msgspec
import pytest
from boardless.core import paths
from boardless.core.errors import BadInput
from boardless.front import history as front
from boardless.judge import history
from boardless.judge.history import Entry
from boardless.model import zoo
from boardless.report import github, page
from boardless.report import history as report

FIGURES: dict[str, Any] = {
    "target": "cortex-m4",
    "cycles": 1000,
    "ram": 100,
    "flash": 50,
    "accuracy": 0.9,
    "of": 64,
}


def entry(number: int, **changes: Any) -> Entry:
    """The figures of the commit of a number, a day apart."""
    about = {"commit": f"{number:012x}", "date": f"2026-01-{number:02}T00:00:00+00:00"}
    return Entry(**(about | {"model": "m:int8", "board": "b"} | FIGURES | changes))


def said(entries: list[Entry], percent: float = 1.0) -> list[str]:
    return [str(step) for step in history.steps(entries, percent)]


def test_a_file_keeps_a_line_per_commit_and_case_in_order(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    assert history.read(file) == []
    assert history.add(file, [entry(2), entry(1)]) == 2
    assert history.add(file, [entry(2), entry(1, cycles=1), entry(1, board="c")]) == 2
    assert history.read(file) == [entry(1, cycles=1), entry(1, board="c"), entry(2)]
    assert len(file.read_text().splitlines()) == 3


def test_branches_merge_without_a_conflict(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    file = tmp_path / "history.jsonl"
    git("init", "-q", "-b", "main")
    (tmp_path / ".gitattributes").write_text("*.jsonl merge=union\n")
    history.add(file, [entry(1)])
    git("add", ".")
    git("commit", "-q", "-m", "one")
    git("checkout", "-q", "-b", "other")
    history.add(file, [entry(2)])
    git("commit", "-q", "-a", "-m", "two")
    git("checkout", "-q", "main")
    history.add(file, [entry(3)])
    git("commit", "-q", "-a", "-m", "three")
    git("merge", "-q", "other", "-m", "both")
    assert sorted(e.commit[-1] for e in history.read(file)) == ["1", "2", "3"]


@pytest.mark.parametrize("line", ["{", "[]", '{"commit": 3}', "<<<<<<< HEAD"])
def test_a_damaged_line_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "history.jsonl"
    history.add(file, [entry(1)])
    file.write_text(file.read_text() + line + "\n")
    with pytest.raises(BadInput) as caught:
        history.read(file)
    assert caught.value.where == f"{file}:2"
    assert ("conflict" in str(caught.value)) == line.startswith("<")


def test_a_change_is_told_with_its_layer() -> None:
    old = entry(1, layers={"conv 0": 600, "softmax 1": 400})
    new = entry(2, cycles=1100, layers={"conv 0": 710, "softmax 1": 390})
    assert said([old, new]) == [
        "m:int8 b: est. cycles 1,000 -> 1,100 (+10.0 %), most in conv 0 (+110), "
        "at 000000000002 of 2026-01-02"
    ]
    assert said([old, new], 10.0) == []


def test_small_changes_add_up() -> None:
    slow = [entry(k, cycles=1000 + 4 * k) for k in range(1, 7)]
    (step,) = history.steps(slow, 1.0)
    assert (step.old, step.new, step.worse) == (1004, 1016, True)


def test_what_cannot_be_compared_is_no_change() -> None:
    assert said([entry(1), entry(2, target="cortex-m7", cycles=500)]) == []
    assert said([entry(1), entry(2, cycles=None), entry(3)]) == []
    assert said([entry(1), entry(2, accepted=True, cycles=2000), entry(3)]) == []
    assert said([entry(1, instructions=5), entry(2, instructions=9)]) == []
    counted = [entry(k, cycles=None, instructions=100 * k) for k in (1, 2)]
    assert said(counted)[0].startswith("m:int8 b: instructions 100 -> 200 (+100.0 %)")


def test_accuracy_is_compared_by_points_and_less_of_it_is_worse() -> None:
    (step,) = history.steps([entry(1), entry(2, accuracy=0.8)], 1.0)
    assert step.worse
    assert "accuracy 90.00% -> 80.00% of 64 pictures" in str(step)
    assert said([entry(1), entry(2, accuracy=0.895)]) == []


def test_commits_come_in_the_order_of_git_even_where_dates_lie() -> None:
    one, two, other = entry(1), entry(2), entry(3, board="c")
    places = {two.commit: 0, one.commit: 1}
    assert history.in_order([one, two, other], places) == {
        "m:int8 b": [two, one],
        "m:int8 c": [other],
    }


def test_the_page_draws_what_has_two_commits() -> None:
    hostile = example_report.HOSTILE
    cases = {hostile: [entry(1), entry(2, cycles=2000)], "one": [entry(1)]}
    trends = report.trends(cases)
    assert [(t.figure, t.first, t.last) for t in trends] == [
        ("est. cycles", "1,000", "2,000"),
        ("bytes of RAM", "100", "100"),
        ("accuracy", "90.00%", "90.00%"),
    ]
    assert [(d.x, d.y) for d in trends[0].dots] == [(4, 44), (236, 4)]
    made = msgspec.structs.replace(example_report.report(example_report.case()), trends=trends)
    html = page.render(made)
    assert 'href="#history"' in html
    assert html.count("<polyline") == 3
    assert "<script>alert" not in html
    assert 'id="history"' not in page.render(msgspec.structs.replace(made, trends=[]))


def test_a_long_history_has_dots_only_where_a_line_bends() -> None:
    cycles = [1000, 1000, 1000, 1000, 2000, 2000, 2000]
    found = report.trends({"m:int8 b": [entry(k, cycles=c) for k, c in enumerate(cycles, 1)]})
    assert [dot.text.rpartition(": ")[2] for dot in found[0].dots] == [
        "1,000",
        "",
        "2,000",
        "2,000",
    ]
    assert [(len(trend.dots), trend.commits) for trend in found] == [(4, 7), (2, 7), (2, 7)]


def test_a_comment_has_a_line_for_each_figure_over_commits() -> None:
    cases = {"m b": [entry(1, model="m"), entry(2, model="m", cycles=1500, accuracy=0.8)]}
    assert report.lines(cases, [("m:int8", "b"), ("other:int8", "b")]) == [
        "m:int8 b: est. cycles ▁█ 1,000 → 1,500 over 2 commits",
        "m:int8 b: bytes of RAM ▁▁ 100 → 100 over 2 commits",
        "m:int8 b: accuracy █▁ 90.00% → 80.00% over 2 commits",
    ]
    assert report.bars([0, 1, 2, 7]) == "▁▂▃█"
    made = example_report.report(example_report.case())
    said = github.summary(made, report.lines(cases, [("m", "b")]))
    assert "<details><summary>Over commits</summary>\n\n- m b: est. cycles ▁█ " in said
    assert "<details>" not in github.summary(made)


def accepted(number: int, **changes: Any) -> Entry:
    return entry(number, accepted=True, **changes)


def test_accepted_figures_are_drawn_where_no_runs_were_kept() -> None:
    """They are of other inputs than runs, so no line holds both; what never changed is left out."""
    both = [accepted(1, cycles=900, accuracy=0.8), accepted(2, accuracy=0.85), entry(3)]
    assert [(t.figure, t.first, t.last) for t in report.trends({"m:int8 b": both})] == [
        ("est. cycles, accepted", "900", "1,000"),
        ("accuracy, accepted", "80.00%", "85.00%"),
    ]
    assert report.lines({"m:int8 b": both}, [("m:int8", "b")]) == [
        "m:int8 b: est. cycles, accepted ▁█ 900 → 1,000 over 2 commits",
        "m:int8 b: accuracy, accepted ▁█ 80.00% → 85.00% over 2 commits",
    ]
    runs = [*both, entry(4, accuracy=0.7)]
    assert [t.figure for t in report.trends({"m:int8 b": runs})] == [
        *("est. cycles", "bytes of RAM", "accuracy")
    ]
    assert report.trends({"m:int8 b": [accepted(1)], "one": [entry(1)]}) == []
    assert report.lines({"m:int8 b": [accepted(1)]}, [("m:int8", "b")]) == []
    many = [accepted(k, cycles=1000 * k) for k in range(1, 20)]
    (trend,) = report.trends({"m:int8 b": many})
    assert (trend.first, trend.last, trend.commits) == ("10,000", "19,000", report.RECENT)


def test_a_page_of_fifty_cases_with_their_history_stays_small() -> None:
    """The worst case is that each figure of each case changes at each commit."""
    cases = {
        f"mobilenet_v1_025:int8 board{k}": [
            accepted(day, cycles=10_000_000 * day, ram=100_000 * day, accuracy=0.5 + day / 100)
            for day in range(1, 20)
        ]
        for k in range(50)
    }
    made = example_report.report(example_report.case())
    drawn = page.render(msgspec.structs.replace(made, trends=report.trends(cases)))
    assert drawn.count("<polyline") == 150
    assert len(drawn) - len(page.render(made)) < 200_000


def test_a_run_becomes_entries() -> None:
    case = example_report.case(ok=True)
    made = example_report.report(case)
    (found,) = report.entries(made)
    assert (found.model, found.cycles, found.target) == (case.model, 100, case.model)
    assert report.entries(example_report.report(example_report.case())) == []
    with pytest.raises(BadInput, match="no commit"):
        report.entries(msgspec.structs.replace(made, revision=None))


@pytest.mark.skipif(not (paths.ROOT / ".git").exists(), reason="needs the repository")
def test_baselines_of_all_commits_are_history() -> None:
    found = front.accepted(["digits_cnn:int8"], ["mps2-an386"])
    if len({e.commit for e in found}) < 2:
        pytest.skip("the history of this clone is cut off")
    assert {(e.case, e.accepted) for e in found} == {("digits_cnn:int8 mps2-an386", True)}
    assert (found[-1].accuracy, found[-1].of) == (
        zoo.card_accuracy("digits_cnn:int8"),
        zoo.results("digits_cnn").test_pictures,
    )
    assert front.accepted_of([("digits_cnn:int8", "mps2-an386"), ("own:int8", "b")]) == found
    order = front.order(paths.ROOT)
    places = [order[e.commit] for e in found]
    assert places == sorted(places)
    assert all(e.ram and e.flash for e in found)
