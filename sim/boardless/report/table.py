"""Tables and lines for people, on standard output; colour and line art only on a terminal.

    show("", [words("model"), number("flash", 2)], [("digits_cnn:int8", "27,440")])

All text passes through core.printable, so nothing that a file, a model or a firmware brings can
command the terminal, and no name is taken for markup.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from boardless.core.printable import one_line, printable
from boardless.judge.records import Outcome
from boardless.report import record

SENTENCE = 30  # columns at least for a long text
PLAIN_WIDTH = 200  # columns where the output is a file or a pipe: nothing is cut
GOOD, BAD = "green", "red"

Cell = str | Text  # a Text has a colour


@dataclass(frozen=True)
class Heading:
    """A column of a table: its title, whether it holds numbers, which stand to the right, and its
    rank. Where a terminal is too narrow, the column with the highest rank goes first; one of rank 0
    stays. A column of `sentences` is broken into lines before others go."""

    title: str
    number: bool = False
    rank: int = 0
    sentences: bool = False


def words(title: str, rank: int = 0) -> Heading:
    """Returns the heading of a column of text."""
    return Heading(title, rank=rank)


def number(title: str, rank: int = 0) -> Heading:
    """Returns the heading of a column of numbers."""
    return Heading(title, number=True, rank=rank)


def sentences(title: str, rank: int = 0) -> Heading:
    """Returns the heading of a column of text that may be long."""
    return Heading(title, rank=rank, sentences=True)


def good(text: str) -> Text:
    """Returns a cell for good news."""
    return Text(one_line(text), GOOD)


def bad(text: str) -> Text:
    """Returns a cell for what is wrong."""
    return Text(one_line(text), BAD)


def console(stderr: bool = False) -> Console:
    """Returns the console of a stream: as wide as its terminal, or PLAIN_WIDTH."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PLAIN_WIDTH
    return Console(stderr=stderr, width=width, highlight=False, soft_wrap=False)


def line(text: str, *, stderr: bool = False) -> None:
    """Writes a line, which is never broken, so that commands in it can be copied."""
    console(stderr).print(Text(printable(text)), soft_wrap=True)


def note(text: str) -> None:
    """Writes a remark, which a terminal shows broken between words."""
    out = console()
    out.print(Text(printable(text)), soft_wrap=not out.is_terminal)


def show(title: str, headings: Sequence[Heading], rows: Iterable[Sequence[Cell]]) -> None:
    """Writes a table. On a terminal that is too narrow, columns are left out by their rank, and a
    line below names them."""
    out, cells = console(), [[_text(cell) for cell in row] for row in rows]
    chosen = _fitting(headings, cells, out.width) if out.is_terminal else range(len(headings))
    out.print(_table(title, headings, cells, chosen, plain=not out.is_terminal))
    hidden = dict.fromkeys(h.title for k, h in enumerate(headings) if k not in chosen)
    if hidden:
        out.print(Text(f"not shown at {out.width} columns: {', '.join(hidden)}", "dim"))


def _fitting(
    headings: Sequence[Heading], rows: Sequence[Sequence[Text]], width: int
) -> Sequence[int]:
    """Returns the numbers of the columns that fit into `width` characters, in order."""

    def needed(k: int) -> int:
        longest = max((row[k].cell_len for row in rows), default=0)
        longest = min(longest, SENTENCE) if headings[k].sentences else longest
        return max(longest, cell_len(headings[k].title)) + 2

    chosen = list(range(len(headings)))
    while sum(map(needed, chosen)) - 2 > width and any(headings[k].rank for k in chosen):
        chosen.remove(max(chosen, key=lambda k: (headings[k].rank, k)))
    return chosen


def _table(
    title: str,
    headings: Sequence[Heading],
    rows: Sequence[Sequence[Text]],
    chosen: Sequence[int],
    *,
    plain: bool,
) -> Table:
    """Returns the table of the `chosen` columns; `plain`: of characters that any file can hold."""
    table = Table(
        title=Text(one_line(title)) if title else None,
        title_justify="center" if plain else "left",
        collapse_padding=not plain,
        box=box.ASCII2 if plain else box.SIMPLE_HEAD,
        pad_edge=plain,
        show_edge=plain,
    )
    for k in chosen:
        justify: JustifyMethod = "right" if headings[k].number else "left"
        table.add_column(Text(one_line(headings[k].title)), justify=justify, overflow="fold")
    for row in rows:
        table.add_row(*(row[k] for k in chosen))
    return table


def _text(cell: Cell) -> Text:
    return cell if isinstance(cell, Text) else Text(one_line(cell))


RUN_COLUMNS = (
    words("model"),
    words("board"),
    number("pictures", 6),
    number("agreement", 4),
    number("max error", 7),
    number("accuracy", 5),
    number("instructions", 8),
    number("est. cycles", 1),
    number("RAM", 2),
    number("flash", 3),
    number("inf/s", 9),
    words("verdict"),
)


def run_row(outcome: Outcome) -> tuple[Cell, ...]:
    run, verdict = outcome.run, outcome.verdict
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
        good("ok") if verdict.ok else bad("WRONG"),
    )


PLAN_COLUMNS = (
    words("model"),
    number("arena"),
    number("lower bound", 2),
    number("disjoint", 4),
    words("peak layer", 3),
    words("output over input", 6),
    number("RAM", 1),
    number("input kept", 7),
    number("flash", 1),
    number("published arena", 5),
    number("RAM", 8),
    number("flash", 8),
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
        note(f"published for {names}: {source}")


def runs(outcomes: Sequence[Outcome], gates: Sequence[Cell] = ()) -> None:
    """Shows a row for each outcome; `gates` are the gate's words on each, where it was asked."""
    rows = [run_row(outcome) for outcome in outcomes]
    if gates:
        rows = [(*row, gate) for row, gate in zip(rows, gates, strict=True)]
    show("", (*RUN_COLUMNS, words("gate")) if gates else RUN_COLUMNS, rows)
    made = [outcome.run for outcome in outcomes]
    for origin in dict.fromkeys(r.pictures.origin for r in made):
        note(f"pictures: {origin}")
    notes = [text for r in made for text in r.notes]
    errors = [f"est. cycles: {c.told}" for r in made for c in r.cycles[:1]]
    for text in dict.fromkeys([*errors, *notes]):
        note(text)
    for run in made:
        if measured := record.told_by_device(run):
            line(f"{run.build.model} {run.build.board.name}: {measured}")
    for outcome in outcomes:
        if not outcome.verdict.ok:
            names = f"{outcome.run.build.model} {outcome.run.build.board.name}"
            line(f"{names}: {outcome.verdict.reason}")
