"""What CI shows of a run: Markdown for a job's summary or a pull request, and annotations. Pure.

    print(summary(kept.load(kept.data_file())))

`data` is what report.page.collect returns, or what `boardless gate --json` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from boardless.report import page

MARKER = "<!-- boardless -->"  # the first line, by which a comment is found again
RUN_COLUMNS = ("model", "board", "#agreement", "#accuracy", "#instructions", "#est. cycles")
GATE_COLUMNS = ("model", "board", "#est. cycles", "#instructions", "#arena", "#RAM", "#flash")
CHANGE = " → "
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
    """An annotation per cause, which GitHub shows beside the file."""
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
    """What fails: line, title, file."""
    if "runs" in data:
        return list(data["causes"])
    told = [cause for row in data["rows"] for cause in page.causes(row)]
    of_rows = {finding["line"] for row in data["rows"] for finding in row["findings"]}
    others = [line for line in data["findings"] if line not in of_rows]
    return [*told, *(page.cause(line) for line in others)]


def _runs(runs: Sequence[dict[str, Any]]) -> list[str]:
    """`boardless sim`: what was found of each model and board."""
    return _table(
        (*RUN_COLUMNS, "#RAM", "#flash", "outputs", "gate"),
        [
            (
                run["model"],
                run["board"],
                f"{run['agreement']:.2%}",
                "?" if run["accuracy"] is None else f"{run['accuracy']:.2%}",
                f"{run['instructions']['median']:,}" if run["instructions"] else "?",
                *([f"{e['median']:,.0f}" for e in _first(run)] or ["?"]),
                f"{run['memory']['ram_bytes']:,}",
                f"{run['memory']['flash_bytes']:,}",
                "ok" if run["ok"] else "**WRONG**",
                run["gate"]["verdict"] if run["gate"] else "",
            )
            for run in runs
        ],
    )


def _rows(rows: Sequence[dict[str, Any]]) -> list[list[str]]:
    """`boardless gate`: before and now. Of many, those that are as before are folded away."""
    columns = (*GATE_COLUMNS, "gate")
    found = [(row, _gate_cells(row)) for row in rows]
    changed = [cells for row, cells in found if not row["ok"] or CHANGE in "".join(cells)]
    same = [cells for _, cells in found if cells not in changed]
    if len(same) <= SAME:
        return [_table(columns, [cells for _, cells in found])]
    fold = f"<details><summary>{len(same)} as before</summary>"
    return [_table(columns, changed), [fold], _table(columns, same), ["</details>"]]


def _gate_cells(row: dict[str, Any]) -> tuple[str, ...]:
    new, old = row["figures"], row["baseline"] or {}

    def counted(figures: dict[str, Any], core: str = "") -> int | None:
        found = figures.get("cycles", {}).get(core) if core else figures.get("instructions")
        return found["whole"] if found else None

    def ram(figures: dict[str, Any]) -> int | None:
        sizes = figures.get("memory")
        return sizes and sizes["static_ram_bytes"] + sizes["stack_bytes"]

    core = next(iter(sorted(new.get("cycles", {}))), "")
    return (
        row["model"],
        row["board"],
        _change(counted(old, core), counted(new, core)) if core else "?",
        _change(counted(old), counted(new)),
        _change(old.get("memory", {}).get("arena_bytes"), new["memory"]["arena_bytes"]),
        _change(ram(old), ram(new)),
        _change(old.get("memory", {}).get("flash_bytes"), new["memory"]["flash_bytes"]),
        row["verdict"] if row["ok"] else f"**{row['verdict']}**",
    )


def _change(old: int | None, new: int | None) -> str:
    if new is None:
        return "?"
    if old is None or old == new:
        return f"{new:,}"
    percent = f" ({100 * (new - old) / old:+.1f} %)" if old else ""
    return f"{old:,}{CHANGE}{new:,}{percent}"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Columns whose name starts with '#' are numbers and stand to the right."""
    body = [_line(row) for row in rows]
    if not body:
        return []
    rule = ["---:" if column.startswith("#") else "---" for column in columns]
    return [_line([column.lstrip("#") for column in columns]), _line(rule), *body]


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(_escaped(cell) for cell in cells) + " |"


def _escaped(text: str) -> str:
    """Names come from the files of whoever opened the pull request."""
    return text.replace("<", "&lt;").replace("|", "\\|").replace("@", "@<!-- -->")


def _first(run: dict[str, Any]) -> list[dict[str, Any]]:
    return list(run["estimates"][:1])
