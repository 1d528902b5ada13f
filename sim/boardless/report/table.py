"""Tables for people, on standard output; colour and line art only on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from boardless.device.records import Run
from boardless.judge.predictions import Verdict
from boardless.report import record

PLAIN_WIDTH = 200  # columns where the output is a file or a pipe: nothing is cut


def console(stderr: bool = False) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PLAIN_WIDTH
    return Console(stderr=stderr, width=width, highlight=False, soft_wrap=False)


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns whose name starts with '#' are numbers and stand to the right. A terminal that is too
    narrow for the table gets one block of lines per row instead."""
    out = console()
    rows = list(rows)
    table = Table(title=title or None, box=box.SIMPLE if out.is_terminal else box.ASCII2)
    for column in columns:
        right = column.startswith("#")
        table.add_column(column.lstrip("#"), justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    needed = Measurement.get(out, out.options.update(max_width=PLAIN_WIDTH), table).maximum
    if needed <= out.width:
        out.print(table)
        return
    for row in rows:
        block = Table.grid(padding=(0, 2))
        for column, cell in zip(columns, row, strict=True):
            block.add_row(f"[bold]{column.lstrip('#')}[/bold]", cell)
        out.print(block, "")


RUN_COLUMNS = (
    "model",
    "board",
    "#pictures",
    "#agreement",
    "#max error",
    "#accuracy",
    "#instructions",
    "#est. cycles",
    "#RAM",
    "#flash",
    "#inf/s",
    "verdict",
)


def run_row(run: Run, verdict: Verdict) -> tuple[str, ...]:
    spread = record.spread(run.counts.instructions)
    memory = record.memory(run.build, run.stack_bytes)
    speed = record.inferences_per_second(run)
    accuracy = "?" if verdict.accuracy_device is None else f"{verdict.accuracy_device:.2%}"
    exact = "bit-exact" if verdict.bit_exact else f"{verdict.max_abs_error:.2g}"
    return (
        run.build.model,
        run.build.board.name,
        f"{len(run.pictures):,}",
        f"{verdict.agreement:.2%}",
        exact,
        accuracy,
        f"{spread['median']:,}" if spread else "?",
        f"{run.cycles[0].median:,.0f}" if run.cycles else "?",
        f"{memory['ram_bytes']:,}",
        f"{memory['flash_bytes']:,}",
        f"{speed:.0f}" if speed else "?",
        "[green]ok[/green]" if verdict.ok else "[red]WRONG[/red]",
    )


PLAN_COLUMNS = (
    "model",
    "#arena",
    "#lower bound",
    "#disjoint",
    "peak layer",
    "output over input",
    "#RAM",
    "#input kept",
    "#flash",
    "#published arena",
    "#RAM",
    "#flash",
)


def plans(rows: Sequence[dict[str, Any]]) -> None:
    """One row per model, beside what others publish; sizes in bytes."""

    def number(values: dict[str, Any] | None, key: str) -> str:
        value = (values or {}).get(key)
        return "" if value is None else f"{value:,}"

    show(
        "",
        PLAN_COLUMNS,
        [
            (
                row["model"],
                number(row, "arena_bytes"),
                number(row, "arena_lower_bound"),
                number(row, "disjoint_bytes"),
                f"{row['peak']['layer']} {row['peak']['op']}" if row["peak"] else "",
                ", ".join(f"{o['bytes']:,}" for o in row["peak_overlaps"]),
                number(row["memory"], "ram_bytes"),
                number(row["memory_input_kept"], "ram_bytes"),
                number(row["memory"], "flash_bytes"),
                number(row["published"], "arena_bytes"),
                number(row["published"], "ram_bytes"),
                number(row["published"], "flash_bytes"),
            )
            for row in rows
        ],
    )
    for source in dict.fromkeys(row["published"]["source"] for row in rows if row["published"]):
        names = ", ".join(
            r["model"] for r in rows if (r["published"] or {}).get("source") == source
        )
        console().print(f"published for {names}: {source}", markup=False)


def runs(results: Sequence[tuple[Run, Verdict]], gates: Sequence[str] = ()) -> None:
    """`gates` are the gate's words on each, where it was asked."""
    rows = [run_row(r, v) for r, v in results]
    if gates:
        rows = [(*row, gate) for row, gate in zip(rows, gates, strict=True)]
    show("", (*RUN_COLUMNS, "gate") if gates else RUN_COLUMNS, rows)
    out = console()
    for origin in dict.fromkeys(r.pictures.origin for r, _ in results):
        out.print(f"pictures: {origin}", markup=False)
    notes = [note for r, _ in results for note in r.notes]
    errors = [f"est. cycles: {c.told}" for r, _ in results for c in r.cycles[:1]]
    for note in dict.fromkeys([*errors, *notes]):
        out.print(note, markup=False)
    for run, _ in results:
        if measured := record.told_by_device(run):
            out.print(f"{run.build.model} {run.build.board.name}: {measured}", markup=False)
    for run, verdict in results:
        if not verdict.ok:
            out.print(f"{run.build.model} {run.build.board.name}: {verdict.reason}", markup=False)
