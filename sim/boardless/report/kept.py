"""Keeps the report of `boardless sim`, and reads it for `boardless report`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from boardless.core import checked, files, paths
from boardless.core.errors import BadInput
from boardless.core.printable import one_line
from boardless.judge import history as judged
from boardless.report import collect, gate_columns, history, page, record
from boardless.report.columns import COLUMNS
from boardless.report.page_records import VERSION, Report

HINT = "run `boardless sim` first"
# What a value of another shape raises where it is shown.
DAMAGE = (AttributeError, LookupError, TypeError, ValueError, ArithmeticError, RecursionError)


class _Finding(msgspec.Struct, frozen=True):
    kind: str
    line: str
    fails: bool


class _Row(msgspec.Struct, frozen=True):
    model: str
    board: str
    verdict: str
    ok: bool
    file: str
    findings: list[_Finding]


class _Gate(msgspec.Struct, frozen=True):
    """Describes what is shown of the JSON of `boardless gate`, but for its figures."""

    ok: bool
    rows: list[_Row]
    findings: list[str]
    notes: list[str]


def data_file() -> Path:
    """Returns the file of the last report's data."""
    return paths.build_root() / "report.json"


def page_file() -> Path:
    """Returns the file of the last report's page."""
    return paths.build_root() / "report.html"


def keep(report: Report, accepted: Iterable[judged.Entry] = ()) -> Path:
    """Writes a report with what changed since the one before; returns the path of the page."""
    return keep_history(compared(report), Path(history.FILE), accepted)


def keep_history(report: Report, file: Path, accepted: Iterable[judged.Entry] = ()) -> Path:
    """Writes a report with the trends of its cases in a file of history, if there is one, and of
    `accepted` figures; returns the path of the page."""
    names = {f"{case.model} {case.board}" for case in report.cases}
    entries = (*accepted, *_history(file))
    cases = judged.in_order((e for e in entries if e.case in names), {})
    report = msgspec.structs.replace(report, trends=history.trends(cases))
    record.write(msgspec.to_builtins(report), str(data_file()))
    record.write_text(page.render(report), page_file())
    return page_file()


def trends(
    file: Path, shown: Iterable[tuple[str, str]], accepted: Iterable[judged.Entry] = ()
) -> list[str]:
    """Returns lines about the figures of cases (model, board) in a file of history, if any, and
    about `accepted` ones."""
    return history.lines(judged.in_order((*accepted, *_history(file)), {}), shown)


def _history(file: Path) -> list[judged.Entry]:
    """Returns the entries of a file; none where it is damaged, which `boardless history` says."""
    try:
        return judged.read(file)
    except BadInput:
        return []


def compared(report: Report) -> Report:
    """Returns the report with what changed since the last that was kept, if there is one."""
    try:
        before = load(data_file())
    except BadInput:
        return report
    if not isinstance(before, Report):
        return report
    commit = f", commit {before.revision.commit}" if before.revision else ""
    about = f"{before.made}{commit}: {before.command}"
    changes = collect.changes(before, report)
    return msgspec.structs.replace(report, before=about, changes=changes)


def load(path: Path) -> Report | dict[str, Any]:
    """Returns what `keep` wrote, or the JSON of `boardless gate`. BadInput where there is none, or
    none of this version."""
    try:
        data = msgspec.json.decode(files.read(path))
    except OSError as error:
        raise BadInput(error.strerror or str(error), where=str(path), hint=HINT) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput("not JSON", where=str(path), hint=HINT) from error
    if not isinstance(data, dict):
        raise BadInput("not a report", where=str(path), hint=HINT)
    if {"ok", "rows", "findings", "notes"} <= {*data}:
        return _checked_gate(data, path)
    if data.get("version") != VERSION:
        raise BadInput("not what this version has kept", where=str(path), hint=HINT)
    try:
        report = checked.convert(data, Report)
        _check_values(report)
    except (msgspec.ValidationError, *DAMAGE) as error:
        raise _damaged("report", error, path) from error
    return report


def _check_values(report: Report) -> None:
    """Shows every value once: one of another shape fails here, not in the middle of a page."""
    for case in report.cases:
        if case.grid and not 0 <= case.grid.sheet < len(report.sheets):
            raise ValueError(f"{case.id}: there is no sheet {case.grid.sheet}")
        for column in COLUMNS:
            value = case.values[column.name]
            one_line(column.in_markdown(value)), one_line(column.shown(value))
            column.sorted_by(value)


def _checked_gate(data: dict[str, Any], path: Path) -> dict[str, Any]:
    try:
        checked.convert(data, _Gate)
        for row in data["rows"]:
            values = gate_columns.values(row)
            for column in gate_columns.COLUMNS:
                one_line(column.in_markdown(values[column.name]))
    except (msgspec.ValidationError, *DAMAGE) as error:
        raise _damaged("JSON", error, path) from error
    return data


@contextlib.contextmanager
def showing(path: Path) -> Iterator[None]:
    """Turns what goes wrong while the content of `path` is shown into BadInput: only showing it all
    finds every value that makes no sense, such as a count below 0."""
    import jinja2  # here, because only pages need it

    try:
        yield
    except (jinja2.TemplateError, *DAMAGE) as error:
        raise _damaged("report", error, path) from error


def _damaged(what: str, error: Exception, path: Path) -> BadInput:
    reason = " ".join(str(error).split())[:200] or type(error).__name__
    return BadInput(f"damaged {what} ({reason})", where=str(path), hint=HINT)
