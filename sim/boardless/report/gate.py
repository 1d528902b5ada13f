"""The output of `boardless gate`: one table, one line per cause; JSON for machines."""

from __future__ import annotations

from typing import Any

import msgspec

from boardless.judge import baseline
from boardless.judge.growth import Finding
from boardless.judge.records import Comparison, Judgement
from boardless.model import profiles, zoo
from boardless.report import column, table
from boardless.report.gate_columns import COLUMNS, values


def record(judgement: Judgement) -> dict[str, Any]:
    """The JSON; keys may be added, never renamed."""
    return {
        "ok": judgement.ok,
        "rows": [row(r) for r in judgement.rows],
        "findings": judgement.lines(),
        "notes": judgement.skipped(),
    }


def row(row: Comparison) -> dict[str, Any]:
    """One model on one board; `baseline` is what it was compared with, or null; `file` where that
    stands."""
    return {
        "model": row.case.model,
        "board": row.case.board.name,
        "runtime": row.case.runtime,
        "reference": profiles.load(row.case.reference).named,
        "file": row.case.file or baseline.shown(baseline.path(row.case.name, row.case.place)),
        "ok": row.ok,
        "verdict": row.word,
        "comparable": row.comparable,
        "inputs": row.inputs,
        "predictions": _predictions(row),
        "accuracy": _accuracy(row),
        "card_accuracy": _card(row),
        "toolchain": row.toolchain and msgspec.to_builtins(row.toolchain),
        "figures": msgspec.to_builtins(row.new),
        "baseline": row.old and msgspec.to_builtins(row.old),
        "findings": [finding(f) | {"line": row.line(f)} for f in row.findings],
    }


def _predictions(row: Comparison) -> dict[str, Any] | None:
    """Returns how many top-1 classes changed; None where they were not compared."""
    changed = row.changed
    return None if changed is None else {"changed": changed, "of": len(row.new.top_1.split())}


def _accuracy(row: Comparison) -> dict[str, Any] | None:
    """Returns the accuracy on labelled inputs; None without labels."""
    if row.accuracy is None:
        return None
    of = len(row.new.top_1.split())
    return {"now": row.accuracy, "before": row.old_accuracy, "of": of}


def _card(row: Comparison) -> dict[str, Any] | None:
    """Returns what the card of the zoo's model states; None for a model of the user's own."""
    now = None if row.case.file else zoo.card_accuracy(row.case.model)
    return None if now is None else {"now": now, "before": row.old_card}


def finding(finding: Finding) -> dict[str, Any]:
    """`percent` is the growth, `limit` what is allowed of it."""
    return {
        "kind": finding.kind,
        "fails": finding.fails,
        "place": finding.place,
        "metric": finding.metric,
        "unit": finding.unit,
        "old": finding.old,
        "new": finding.new,
        "percent": finding.percent,
        "limit": finding.limit,
        "text": finding.text,
        "also": [_also(f) for f in finding.also],
    }


def _also(other: Finding) -> dict[str, Any]:
    return {k: v for k, v in finding(other).items() if k not in ("also", "text")}


def show(judgement: Judgement, *, only_wrong: bool = False) -> None:
    """Shows the table, a line per cause, and what was not compared; or only what fails."""
    rows = [row(r) for r in judgement.rows if not (only_wrong and r.ok)]
    if rows or not only_wrong:
        column.show(COLUMNS, [values(each) for each in rows])
    lines(judgement, only_wrong=only_wrong)


def lines(judgement: Judgement, *, stderr: bool = False, only_wrong: bool = False) -> None:
    """Shows a line per cause, then what was not compared; or only what fails."""
    for line in judgement.failing() if only_wrong else judgement.lines():
        table.line(line, stderr=stderr)
    for line in [] if only_wrong else judgement.skipped():
        table.note(line, stderr=stderr)
