"""The output of `boardless compare`: tables and JSON; compare_page.py makes its page."""

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

NOTHING, UNKNOWN = "", "?"
SOMETIMES = ("est. ms", "est. mJ")  # columns that are there where a row has a figure
HEADINGS = (
    "board",
    "runtime",
    "version",
    "own reference",
    "{common}",
    "instructions",
    "est. cycles",
    "est. ms",
    "est. mJ",
    "flash",
    "RAM",
    "stack",
)


class Row(Protocol):
    """A runtime on a board with a model, as front/compare.py has it."""

    @property
    def model(self) -> str: ...
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
        "millijoules": {},
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
    found["millijoules"] = estimates.millijoules(run.cycles)
    found["memory"] = memory(run.build, run.stack_bytes)
    found["layers"] = [_layer(outcome, layer) for layer in run.build.layers]
    found["notes"] = list(run.notes)
    return found


def records(common: str, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Returns the JSON: an object for each model on each board."""
    return [
        {
            "model": model,
            "board": board,
            "reference": common,
            "images": max((len(r.outcome.run.pictures) for r in some if r.outcome), default=0),
            "rows": [record(row) for row in some],
        }
        for (model, board), some in grouped(rows).items()
    ]


def grouped(rows: Sequence[Row]) -> dict[tuple[str, str], list[Row]]:
    """Returns the rows by (model, board), in order."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((row.model, row.board), []).append(row)
    return found


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
        named = [row.board, row.runtime, row.version, "refused"]
        return [*named, *[NOTHING] * (len(HEADINGS) - len(named))]
    run = row.outcome.run
    sizes = memory(run.build, run.stack_bytes)
    times = estimates.milliseconds(run.cycles)
    energies = estimates.millijoules(run.cycles)
    counted = run.counts.instructions
    return [
        row.board,
        row.runtime,
        row.version,
        f"{run.build.profile}: {difference(row.outcome.verdict, len(run.pictures))}",
        difference(row.common, len(run.pictures)) if row.common else UNKNOWN,
        f"{statistics.median_low(counted):,}" if counted else UNKNOWN,
        f"{round(run.cycles[0].median):,}" if run.cycles else UNKNOWN,
        f"{next(iter(times.values())):,.2f}" if times else UNKNOWN,
        f"{next(iter(energies.values()))['inference']:,.3g}" if energies else UNKNOWN,
        f"{sizes['flash_bytes']:,}",
        f"{sizes['ram_bytes']:,}",
        f"{sizes['stack_bytes']:,}" if run.stack_bytes else UNKNOWN,
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


def shown(rows: Sequence[Row]) -> list[int]:
    """Returns the numbers of the columns that say something: not those of times and energies
    where no row has one."""
    found = [cells(row) for row in rows]
    return [
        i
        for i, title in enumerate(HEADINGS)
        if title not in SOMETIMES or any(row[i] not in (UNKNOWN, NOTHING) for row in found)
    ]


def show(common: str, rows: Sequence[Row]) -> None:
    """Shows a table for each model, and below it the reasons of what was not measured. Where a
    terminal is narrow, the other reference goes first, then versions, stack, energy; cycles where
    there are milliseconds; instructions."""
    for model in dict.fromkeys(row.model for row in rows):
        some = [row for row in rows if row.model == model]
        _show(model, common, some)
        for text in remarks(some):
            table.note(text)


def _show(model: str, common: str, rows: Sequence[Row]) -> None:
    chosen = shown(rows)
    boards = {row.board for row in rows}
    timed = HEADINGS.index("est. ms") in chosen
    ranks = {"{common}": 9, "version": 8, "stack": 7, "est. mJ": 6, "instructions": 1}
    ranks |= {"board": 5} if len(boards) == 1 else {}
    ranks |= {"est. cycles": 4} if timed else {}
    kinds = dict.fromkeys(("own reference", "{common}"), sentences)
    kinds |= dict.fromkeys(("board", "runtime", "version"), words)
    headings = [
        kinds.get(HEADINGS[i], number)(titles(common)[i], ranks.get(HEADINGS[i], 0)) for i in chosen
    ]
    title = f"{model} on {', '.join(boards)}" if len(boards) == 1 else model
    table.show(title, headings, [[cells(row)[i] for i in chosen] for row in rows])


def remarks(rows: Sequence[Row]) -> list[str]:
    """Returns the lines below a table: the pictures, errors of estimates, edits, refusals."""
    runs = [row.outcome.run for row in rows if row.outcome]
    found = [f"pictures: {run.pictures.origin}" for run in runs]
    found += [f"est. cycles: {cycles.basis}" for run in runs for cycles in run.cycles[:1]]
    found += [f"{run.build.runtime.partition(':')[0]}: {x}" for run in runs for x in run.notes]
    found += [text for run in runs for text in map(estimates.power, run.cycles) if text]
    found += [f"refused, {r.runtime} {r.board}: {r.refused}" for r in rows if r.refused]
    return [*dict.fromkeys(found)]
