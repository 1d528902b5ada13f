"""The output of `boardless compare`: a table, JSON, and Markdown for a page."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any, Protocol

from boardless.device.records import MarkedLayer
from boardless.judge.predictions import Verdict
from boardless.judge.records import Outcome
from boardless.report import estimates, table
from boardless.report.measures import memory, spread
from boardless.report.table import number, sentences, words

NOTHING = ""
HEADINGS = (
    "board",
    "runtime",
    "version",
    "own reference",
    "{common}",
    "instructions",
    "est. cycles",
    "est. ms",
    "flash",
    "RAM",
    "stack",
)


class Row(Protocol):
    """A runtime on a board, as front/compare.py has it."""

    @property
    def board(self) -> str: ...
    @property
    def runtime(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def outcome(self) -> Outcome | None: ...
    @property
    def common(self) -> Verdict | None: ...
    @property
    def refused(self) -> str: ...


def record(row: Row) -> dict[str, Any]:
    """Returns the JSON of a row."""
    outcome, common = row.outcome, row.common
    found: dict[str, Any] = {
        "runtime": row.runtime,
        "version": row.version,
        "bit_exact": common.bit_exact if common else None,
        "agreement": common.agreement if common else None,
        "max_abs_error": common.max_abs_error if common else None,
        "pictures_that_differ": len(common.mismatches) if common else None,
        "own_reference": None,
        "instructions": None,
        "cycles": {},
        "milliseconds": {},
        "memory": None,
        "layers": [],
        "notes": [],
        "refused": row.refused or None,
    }
    if outcome is None:
        return found
    run, verdict = outcome.run, outcome.verdict
    found["own_reference"] = {
        "profile": run.build.profile,
        "ok": verdict.ok,
        "bit_exact": verdict.bit_exact,
        "max_abs_error": verdict.max_abs_error,
        "pictures_that_differ": len(verdict.mismatches),
    }
    found["instructions"] = spread(run.counts.instructions)
    found["cycles"] = estimates.estimates(run.cycles)
    found["milliseconds"] = estimates.milliseconds(run.cycles)
    found["memory"] = memory(run.build, run.stack_bytes)
    found["layers"] = [_layer(outcome, layer) for layer in run.build.layers]
    found["notes"] = list(run.notes)
    return found


def records(model: str, common: str, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Returns the JSON: an object for each board."""
    return [
        {
            "model": model,
            "board": board,
            "reference": common,
            "images": max((len(r.outcome.run.pictures) for r in rows if r.outcome), default=0),
            "rows": [record(row) for row in rows if row.board == board],
        }
        for board in dict.fromkeys(row.board for row in rows)
    ]


def _layer(outcome: Outcome, layer: MarkedLayer) -> dict[str, Any]:
    run = outcome.run
    return {
        "index": layer.index,
        "op": layer.op,
        "name": layer.name,
        "instructions": run.counts.layers[layer.index] if run.counts.layers else None,
        "cycles": {c.target.name: round(c.regions.get(layer.index, 0.0)) for c in run.cycles},
    }


def cells(row: Row) -> list[str]:
    """Returns a row as people read it, in the order of HEADINGS."""
    if row.outcome is None:
        return [row.board, row.runtime, "refused", *[NOTHING] * (len(HEADINGS) - 3)]
    run = row.outcome.run
    sizes = memory(run.build, run.stack_bytes)
    times = estimates.milliseconds(run.cycles)
    return [
        row.board,
        row.runtime,
        row.version,
        f"{run.build.profile}: {difference(row.outcome.verdict, len(run.pictures))}",
        difference(row.common, len(run.pictures)) if row.common else "?",
        f"{statistics.median_low(run.counts.instructions):,}" if run.counts.instructions else "?",
        f"{round(run.cycles[0].median):,}" if run.cycles else "?",
        f"{next(iter(times.values())):,.2f}" if times else "?",
        f"{sizes['flash_bytes']:,}",
        f"{sizes['ram_bytes']:,}",
        f"{sizes['stack_bytes']:,}" if run.stack_bytes else "?",
    ]


def difference(verdict: Verdict, pictures: int) -> str:
    """Returns in words how far off outputs are."""
    if verdict.bit_exact:
        return "exact"
    if verdict.ok:
        return f"within {verdict.max_abs_error:.2g}"
    return f"{len(verdict.mismatches)} of {pictures} differ, by up to {verdict.max_abs_error:.2g}"


def titles(common: str) -> list[str]:
    """Returns the headings; `common` is the reference that all are held against."""
    return [title.format(common=common) for title in HEADINGS]


def show(model: str, common: str, rows: Sequence[Row]) -> None:
    """Shows the rows that were measured, and the reasons of those that were not."""
    ranks = {"stack": 1, "version": 2, "est. ms": 3, common: 4}
    headings = [
        sentences(title)
        if title in ("own reference", common)
        else words(title, ranks.get(title, 0))
        if title in ("board", "runtime", "version")
        else number(title, ranks.get(title, 0))
        for title in titles(common)
    ]
    shown = [cells(row) for row in rows]
    unknown = {i for i, title in enumerate(HEADINGS) if title == "est. ms"}
    kept = [
        i
        for i in range(len(headings))
        if i not in unknown or any(row[i] not in ("?", NOTHING) for row in shown)
    ]
    table.show(model, [headings[i] for i in kept], [[row[i] for i in kept] for row in shown])
    for text in remarks(rows):
        table.note(text)


def markdown(common: str, rows: Sequence[Row]) -> list[str]:
    """Returns the table of the rows as lines of Markdown, without times of parts."""
    chosen = [i for i, title in enumerate(HEADINGS) if title != "est. ms"]
    shown = [titles(common), *map(cells, rows)]
    lines = [f"| {' | '.join(row[i] for i in chosen)} |" for row in shown]
    text = ("board", "runtime", "version", "own reference", "{common}")
    rule = ["---" if HEADINGS[i] in text else "---:" for i in chosen]
    return [lines[0], f"| {' | '.join(rule)} |", *lines[1:]]


def remarks(rows: Sequence[Row]) -> list[str]:
    """Returns the lines below a table: the pictures, errors of estimates, edits, refusals."""
    runs = [row.outcome.run for row in rows if row.outcome]
    found = [f"pictures: {run.pictures.origin}" for run in runs]
    found += [f"est. cycles: {cycles.basis}" for run in runs for cycles in run.cycles[:1]]
    found += [f"{run.build.runtime.partition(':')[0]}: {x}" for run in runs for x in run.notes]
    found += [f"refused, {r.runtime} {r.board}: {r.refused}" for r in rows if r.refused]
    return [*dict.fromkeys(found)]
