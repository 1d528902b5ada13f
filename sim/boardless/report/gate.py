"""What `boardless gate` shows: one table, one line per cause; JSON for machines."""

from __future__ import annotations

from typing import Any

import msgspec

from boardless.judge import baseline
from boardless.judge.figures import Figures, Spent
from boardless.judge.growth import Finding
from boardless.judge.records import Comparison, Judgement
from boardless.report import table
from boardless.report.table import number, words

COLUMNS = (
    words("model"),
    words("board"),
    words("predictions", 4),
    number("instructions", 5),
    number("arena", 2),
    number("stack", 6),
    number("static RAM", 3),
    number("flash", 3),
    words("gate"),
)
BYTES = ("arena_bytes", "stack_bytes", "static_ram_bytes", "flash_bytes")


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
        "file": row.case.file or baseline.shown(baseline.path(row.case.name, row.case.board.name)),
        "ok": row.ok,
        "verdict": row.word,
        "comparable": row.comparable,
        "inputs": row.inputs,
        "toolchain": row.toolchain and msgspec.to_builtins(row.toolchain),
        "figures": msgspec.to_builtins(row.new),
        "baseline": row.old and msgspec.to_builtins(row.old),
        "findings": [finding(f) | {"line": row.line(f)} for f in row.findings],
    }


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


def show(judgement: Judgement) -> None:
    """The table, then a line per cause, then what was not compared."""
    cores = sorted({core for r in judgement.rows for core in r.new.cycles})
    columns = (*COLUMNS[:4], *(number(f"cycles {core}", 1) for core in cores), *COLUMNS[4:])
    table.show("", columns, [_row(r, cores) for r in judgement.rows])
    lines(judgement)


def lines(judgement: Judgement, *, stderr: bool = False) -> None:
    for line in [*judgement.lines(), *judgement.skipped()]:
        table.line(line, stderr=stderr)


def word(row: Comparison) -> table.Cell:
    """Returns the verdict as a cell."""
    return table.good(row.word) if row.ok else table.bad(row.word)


def _row(row: Comparison, cores: list[str]) -> tuple[table.Cell, ...]:
    changed = [f for f in row.findings if f.kind in ("changed", "wrong")]
    old, new = row.old, row.new

    def size(name: str) -> str:
        return _change(old.memory[name] if old else None, new.memory[name])

    def count(counted: Spent | None, before: Spent | None) -> str:
        return _change(before.whole if before else None, counted.whole) if counted else "?"

    def cycles(figures: Figures | None, core: str) -> Spent | None:
        return figures.cycles.get(core) if figures else None

    return (
        row.case.model,
        row.case.board.name,
        changed[0].kind if changed else "same" if old else "right",
        count(new.instructions, old.instructions if old else None),
        *(count(cycles(new, core), cycles(old, core)) for core in cores),
        *(size(name) for name in BYTES),
        word(row),
    )


def _change(old: int | None, new: int) -> str:
    """The value, and by how much it changed."""
    return f"{new:,}" if old is None or old == new else f"{new:,} ({new - old:+,})"
