"""The output on a terminal: complete rows at any width, and no control sequences of others."""

from __future__ import annotations

import io
import re
from unittest import mock

import pytest
from boardless import cli, terminal
from boardless.core.errors import BadInput
from boardless.core.printable import one_line, printable
from boardless.device import boards
from boardless.front.compare import CompareRow
from boardless.model import zoo
from boardless.report import column, compare, runs, table
from boardless.report.columns import COLUMNS
from boardless.report.gate_columns import COLUMNS as GATE
from boardless.report.table import number, words
from click import UsageError
from rich.console import Console

HEADINGS = (words("model"), number("RAM", 2), number("flash", 3), words("board", 1))
ROW = ("digits_cnn:int8", "7,264", "30,656", "mps2-an386")


class Screen:
    """A terminal of some width, whose text is kept."""

    def __init__(self, width: int) -> None:
        self.file = io.StringIO()
        self.console = Console(
            file=self.file, width=width, force_terminal=True, color_system=None, highlight=False
        )

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.file.getvalue().splitlines()]


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    made = Screen(80)
    monkeypatch.setattr(table, "console", lambda stderr=False: made.console)
    return made


def test_a_narrow_terminal_keeps_rows_and_names_what_it_leaves_out(screen: Screen) -> None:
    for width, titles, hidden in (
        (80, ["model", "RAM", "flash", "board"], None),
        (40, ["model", "RAM", "board"], "not shown at 40 columns: flash"),
        (30, ["model", "board"], "not shown at 30 columns: RAM, flash"),
    ):
        screen.file.truncate(screen.file.seek(0))
        screen.console.width = width
        table.show("", HEADINGS, [ROW] * 3)
        head, _, *rest = screen.lines
        assert head.split() == titles
        cells = [cell for cell, h in zip(ROW, HEADINGS, strict=True) if h.title in titles]
        assert [line.split() for line in rest[:3]] == [cells] * 3
        assert " ".join(rest[3:]) == (hidden or "")
        assert max(map(len, screen.lines[:5])) <= width


def test_a_row_of_sim_is_a_line_of_80_columns(screen: Screen) -> None:
    """The longest names of the zoo, and figures as large as its largest model has."""
    known = [f"{name}:{kind}" for name in zoo.names() for kind in zoo.types(name)]
    usual = [b.name for b in map(boards.load, boards.names()) if b.default]
    figures = {
        "pictures": 64,
        "agreement": 1.0,
        "max_error": {"bit_exact": True, "max_abs_error": 0.0},
        "accuracy": {"right": 12, "of": 16, "device": 0.75},
        "card_accuracy": 0.89,
        "instructions": {"median": 29_564_497},
        "est_cycles": {"target": "cortex-m4", "median": 64_062_886},
        "ram": 462_916,
        "flash": 876_032,
        "inferences_per_second": 13.0,
        "ok": True,
        "gate": {"verdict": "ok", "ok": True},
    }
    rows = [figures | {"model": m, "board": b} for b in usual for m in known]
    column.show(COLUMNS, rows)
    assert max(map(len, screen.lines)) <= 80
    assert len(screen.lines) <= len(rows) + 4
    assert all(
        line.split()[:2] == [r["model"], r["board"]]
        for line, r in zip(screen.lines[2:], rows, strict=False)
    )
    assert screen.lines[len(rows) + 2].startswith("not shown at 80 columns: pictures, ")


def test_a_row_of_compare_is_a_line_of_80_columns(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The longest names of runtimes and boards, and figures as large as the zoo's largest."""
    figures = [
        "tflm: exact",
        "exact",
        "29,564,497",
        "64,062,886",
        "?",
        "?",
        "876,032",
        "462,916",
        "12,345",
    ]
    rows = {
        name: ["mps2-an386", name, "bakenn 1.0.3 (optimised)", *figures]
        for name in (f"bakenn:optimised{k}" for k in range(3))
    }
    monkeypatch.setattr(compare, "cells", lambda row: rows[row.runtime])
    model = "mobilenet_v1_025"
    compare.show("litert", [CompareRow("mps2-an386", name, model=model) for name in rows])
    assert max(map(len, screen.lines)) <= 80
    head, _, *shown, hidden = screen.lines[1:]
    assert [line.split()[0] for line in shown] == list(rows)  # one board stands in the title
    assert "est. cycles" in head
    assert hidden == "not shown at 80 columns: board, version, litert, stack"


def test_the_gate_shows_changed_predictions_at_80_columns(screen: Screen) -> None:
    """A worse accuracy has a line of its own below the table; other predictions have none."""
    figures = {
        "predictions": "40 of 60 changed",
        "accuracy": {"old": 0.75, "new": 0.8, "of": 60},
        "est_cycles": {"old": 64_062_886, "new": 64_062_886},
        "ram": {"old": 462_916, "new": 462_916},
        "flash": {"old": 876_032, "new": 876_032},
        "gate": {"verdict": "ok", "ok": True},
    }
    column.show(GATE, [{"model": "person_detector:int8", "board": "mps2-an386"} | figures])
    assert max(map(len, screen.lines)) <= 80
    assert "40 of 60 changed" in screen.lines[2]
    assert screen.lines[3].startswith("not shown at 80 columns: accuracy, ")


def test_a_column_without_a_title_is_not_named(screen: Screen) -> None:
    screen.console.width = 12
    table.show("", (words("model"), number("", 2), number("RAM", 1)), [("a" * 10, "200", "1")])
    assert " ".join(screen.lines[3:]).endswith("columns: RAM")


def test_many_sets_of_pictures_take_two_lines(screen: Screen) -> None:
    origins = [f"set{k} test: a long description of the pictures of this set" for k in range(5)]
    runs._origins(origins[:2])
    assert screen.lines == [f"pictures: {origin}" for origin in origins[:2]]
    screen.file.truncate(screen.file.seek(0))
    runs._origins(origins)
    assert len(screen.lines) == 2
    assert screen.lines[0].startswith("pictures: set0 test, set1 test, ")


def test_what_says_nothing_goes_first(screen: Screen) -> None:
    screen.console.width = 30
    table.show("", HEADINGS, [("a" * 12, "", "10", "")])
    assert screen.lines[0].split() == ["model", "flash"]
    assert screen.lines[3:] == ["not shown at 30 columns: RAM,", "board"]


def test_a_column_of_rank_0_stays_and_is_folded(screen: Screen) -> None:
    screen.console.width = 12
    table.show("", (words("model"), number("RAM", 1)), [("a" * 30, "1")])
    assert "".join(screen.lines[2:5]) == "a" * 30


def test_a_file_gets_every_column(capsys: pytest.CaptureFixture[str]) -> None:
    table.show("", HEADINGS, [ROW])
    said = capsys.readouterr().out
    assert all(cell in said for cell in ROW)
    assert "not shown" not in said


HOSTILE = "\x1b[2J\x9b31m\x1b]0;title\x07[red]\u202e\rname"
ESCAPED = r"\x1b[2J\x9b31m\x1b]0;title\x07[red]\u202e\rname"


def test_text_cannot_command_a_terminal(screen: Screen) -> None:
    assert printable(HOSTILE) == ESCAPED
    assert printable("é 日 a\nb") == "é 日 a\nb"
    assert one_line("a\n  b\t\x1b") == r"a b \x1b"
    table.show(HOSTILE, (words(HOSTILE),), [(HOSTILE,), (table.good(HOSTILE),)])
    table.line(HOSTILE)
    terminal.say(HOSTILE)
    shown = screen.file.getvalue()
    assert shown.replace("\n", "").isprintable()
    assert shown.count(r"\x1b[2J\x9b31m\x1b]0;title\x07[red]\u202e") == 6


@pytest.mark.parametrize(
    "error", [BadInput(HOSTILE), OSError(2, HOSTILE), ValueError(HOSTILE), UsageError(HOSTILE)]
)
def test_an_error_cannot_command_a_terminal(
    error: Exception, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "_say_no_more", lambda: None)
    monkeypatch.setattr(cli, "_status", mock.Mock(side_effect=error))
    assert cli.run([]) in (2, 3)
    said = capsys.readouterr().err
    assert r"\x07[red]\u202e" in said
    assert said.replace("\n", "").isprintable()


def test_progress_on_a_terminal_leaves_one_line(screen: Screen) -> None:
    with terminal.progress_bar() as progress:
        for model in ("one", "two"):
            for step in ("building", "inferring"):
                progress(f"{model} {HOSTILE} {step}", 1, 1)
    left = screen.file.getvalue().rpartition("\x1b[2K")[2]
    assert re.fullmatch(r"\x1b\[\?25h\r2 cases: \d+\.\d s\n", left)
    assert HOSTILE not in screen.file.getvalue()


def test_progress_counts_the_cases_that_are_known(screen: Screen) -> None:
    """Other things may be under way, such as the old revision's side of a case."""
    with terminal.progress_bar(2) as progress:
        for what in ("one building", "two building", "HEAD: one building"):
            progress(what, 0, 0)
    assert re.search(r"2 cases: \d+\.\d s\n$", screen.file.getvalue())


def test_progress_elsewhere_is_a_line_for_each_thing(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal.progress_bar() as progress:
        for model in ("one", "two", "one"):
            for step in ("building", "inferring"):
                progress(f"{model} board {step}", 1, 1)
    assert capsys.readouterr().err == "one board building\ntwo board building\n"
