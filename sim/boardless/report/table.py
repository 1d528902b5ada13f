"""Tables and lines for people, on standard output; colour and line art only on a terminal.

    show("", [words("model"), number("flash", 2)], [("digits_cnn:int8", "27,440")])

All text passes through core.printable, so nothing that a file, a model or a firmware brings can
command the terminal, and no name is taken for markup.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from boardless.core.printable import one_line, printable

SENTENCE = 30  # columns at least for a long text
PLAIN_WIDTH = 220  # columns where the output is a file or a pipe: nothing is cut
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


def note(text: str, *, stderr: bool = False) -> None:
    """Writes a remark, which a terminal shows broken between words."""
    out = console(stderr)
    out.print(Text(printable(text)), soft_wrap=not out.is_terminal)


def show(title: str, headings: Sequence[Heading], rows: Iterable[Sequence[Cell]]) -> None:
    """Writes a table. On a terminal that is too narrow, columns are left out by their rank, and a
    line below names them."""
    out, cells = console(), [[_text(cell) for cell in row] for row in rows]
    chosen = _fitting(headings, cells, out.width) if out.is_terminal else range(len(headings))
    out.print(_table(title, headings, cells, chosen, plain=not out.is_terminal))
    hidden = dict.fromkeys(h.title for k, h in enumerate(headings) if k not in chosen and h.title)
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
    if sum(map(needed, chosen)) - 2 > width:  # those that say nothing go first
        chosen = [k for k in chosen if not headings[k].rank or any(row[k].plain for row in rows)]
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
