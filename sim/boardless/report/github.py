"""The output for CI: Markdown for a job's summary or a pull request, and annotations. Pure.

    print(summary(kept.load(kept.data_file())))

`data` is what report.page.collect returns, or the JSON of `boardless gate`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from boardless.report import column, gate_columns, page
from boardless.report.column import Column, Values
from boardless.report.columns import COLUMNS

MARKER = "<!-- boardless -->"  # the first line, by which a comment is found again
HIGHEST_RANK = 7  # of columns that are shown
SAME = 6  # rows that are as before, at most, in the open
SPECIAL = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
SPECIAL_IN_PROPERTIES = str.maketrans({":": "%3A", ",": "%2C"})


def summary(data: dict[str, Any]) -> str:
    """Markdown; the heading names the board where there is but one."""
    boards = {each["board"] for each in data["runs" if "runs" in data else "rows"]}
    where = f" on {boards.pop()}" if len(boards) == 1 else ""
    verdict = "all well" if data["ok"] else "something is wrong"
    blocks = [[MARKER, f"## boardless{where}: {verdict}"]]
    blocks.append([f"- {_escaped(cause['line'])}" for cause in causes(data)])
    if "runs" in data:
        blocks.append(_runs(data["runs"]))
    else:
        blocks += _rows(data["rows"])
    told = [f"est. cycles: {e['told']}" for run in data.get("runs", []) for e in _first(run)]
    notes = dict.fromkeys([*told, *data["notes"]])
    blocks.append([f"<sub>{_escaped(text)}</sub><br>" for text in notes])
    return "\n\n".join("\n".join(lines) for lines in blocks if lines) + "\n"


def workflow_commands(data: dict[str, Any]) -> str:
    """Returns an annotation per cause, which GitHub shows at the file."""
    lines = []
    for cause in causes(data):
        about = {"file": cause["file"], "title": cause["title"]}
        properties = [
            f"{k}={v.translate(SPECIAL).translate(SPECIAL_IN_PROPERTIES)}"
            for k, v in about.items()
            if v
        ]
        lines.append(f"::error {','.join(properties)}::{cause['line'].translate(SPECIAL)}\n")
    return "".join(lines)


def causes(data: dict[str, Any]) -> list[dict[str, str]]:
    """Returns every cause of a failure: line, title, file."""
    if "runs" in data:
        return list(data["causes"])
    told = [cause for row in data["rows"] for cause in page.causes(row)]
    of_rows = {finding["line"] for row in data["rows"] for finding in row["findings"]}
    others = [line for line in data["findings"] if line not in of_rows]
    return [*told, *(page.cause(line) for line in others)]


def _runs(runs: Sequence[dict[str, Any]]) -> list[str]:
    """Returns the table of `boardless sim`: what was found of each model and board."""
    return _table(COLUMNS, [run["values"] for run in runs])


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
    return text.replace("<", "&lt;").replace("|", "\\|").replace("@", "@<!-- -->")


def _first(run: dict[str, Any]) -> list[dict[str, Any]]:
    return list(run["estimates"][:1])
