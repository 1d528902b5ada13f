"""Turns a run into what CI shows: Markdown for a summary or a pull request, and annotations. Pure.

    print(summary(kept.load(kept.data_file())))

What is shown is a Report, or the JSON of `boardless gate`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from boardless.core.printable import one_line, printable
from boardless.report import column, gate_columns
from boardless.report.column import Column, Values
from boardless.report.columns import COLUMNS
from boardless.report.page_records import Cause, Report

MARKER = "<!-- boardless -->"  # the first line, by which a comment is found again
HIGHEST_RANK = 7  # of columns that are shown
SAME = 6  # rows that are as before, at most, in the open
SPECIAL = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
SPECIAL_IN_PROPERTIES = str.maketrans({":": "%3A", ",": "%2C"})
Gated = dict[str, Any]  # the JSON of `boardless gate`


def summary(data: Report | Gated, trends: Sequence[str] = ()) -> str:
    """Returns Markdown; the heading names the board where there is but one. `trends` are lines
    about figures over commits."""
    if isinstance(data, Report):
        boards, ok, notes = {case.board for case in data.cases}, data.ok, data.notes
        bases = [f"est. cycles: {case.basis}" for case in data.cases if case.basis]
        tables = [_table(COLUMNS, [case.values for case in data.cases])]
    else:
        boards, ok, notes = {row["board"] for row in data["rows"]}, data["ok"], data["notes"]
        bases, tables = [], _rows(data["rows"])
    where = f" on {_escaped(boards.pop())}" if len(boards) == 1 else ""
    verdict = "all well" if ok else "something is wrong"
    history = [f"- {_escaped(line)}" for line in trends]
    fold = ["<details><summary>Over commits</summary>"]
    blocks = [
        [MARKER, f"## boardless{where}: {verdict}"],
        [f"- {_escaped(cause.line)}" for cause in causes(data)],
        *tables,
        *([fold, history, ["</details>"]] if history else []),
        [f"<sub>{_escaped(text)}</sub><br>" for text in dict.fromkeys([*bases, *notes])],
    ]
    return "\n\n".join("\n".join(lines) for lines in blocks if lines) + "\n"


def workflow_commands(data: Report | Gated) -> str:
    """Returns an annotation per cause, which GitHub shows at the file."""
    lines = []
    for cause in causes(data):
        about = {"file": cause.file, "title": cause.title}
        properties = [
            f"{k}={printable(v).translate(SPECIAL).translate(SPECIAL_IN_PROPERTIES)}"
            for k, v in about.items()
            if v
        ]
        line = printable(cause.line).translate(SPECIAL)
        lines.append(f"::error {','.join(properties)}::{line}\n")
    return "".join(lines)


def shown(data: Report | Gated) -> list[tuple[str, str]]:
    """Returns (model, board) of each case."""
    if isinstance(data, Report):
        return [(case.model, case.board) for case in data.cases]
    return [(row["model"], row["board"]) for row in data["rows"]]


def causes(data: Report | Gated) -> list[Cause]:
    """Returns what fails."""
    if isinstance(data, Report):
        return data.causes
    failing = [
        Cause(finding["line"], f"{row['model']} on {row['board']}", row["file"])
        for row in data["rows"]
        for finding in row["findings"]
        if finding["fails"] and not row["ok"]
    ]
    of_rows = {finding["line"] for row in data["rows"] for finding in row["findings"]}
    others = [line for line in data["findings"] if line not in of_rows]
    return [*failing, *(Cause(line, "boardless") for line in others)]


def _rows(rows: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Returns the table of `boardless gate`: before and now. Of many rows, those that are as before
    are folded away."""
    found = [(row, gate_columns.values(row)) for row in rows]
    columns = column.present(gate_columns.COLUMNS, [values for _, values in found])
    changed = [v for row, v in found if not row["ok"] or gate_columns.is_changed(v)]
    same = [values for _, values in found if values not in changed]
    if len(same) <= SAME:
        return [_table(columns, [values for _, values in found])]
    fold = f"<details><summary>{len(same)} as before</summary>"
    return [_table(columns, changed), [fold], _table(columns, same), ["</details>"]]


def _table(columns: Sequence[Column[Any]], rows: Sequence[Values]) -> list[str]:
    """Returns the lines of a table with the columns that matter most."""
    if not rows:
        return []
    chosen = [c for c in column.present(columns, rows) if c.rank <= HIGHEST_RANK]
    rule = ["---:" if c.number else "---" for c in chosen]
    body = [_line(c.in_markdown(row[c.name]) for c in chosen) for row in rows]
    return [_line(c.title for c in chosen), _line(rule), *body]


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(_escaped(cell) for cell in cells) + " |"


def _escaped(text: str) -> str:
    """Names come from the files of whoever opened the pull request."""
    return one_line(text).replace("<", "&lt;").replace("|", "\\|").replace("@", "@<!-- -->")
