"""A column of a report: a value of each row, and how it is shown.

RAM = Column("ram", "RAM", "bytes of RAM", value=lambda outcome: 920, rank=2)
RAM.shown(RAM.value(outcome))    # "920"
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from rich.text import Text

from boardless.core.printable import one_line
from boardless.report import table

Source = TypeVar("Source")
Mood = Literal["good", "bad", ""]
Values = dict[str, Any]  # a row: the value of each column, by the column's name


@dataclass(frozen=True)
class Key:
    """A key of the JSON that a column adds: a row of docs/reference/json.md."""

    path: str  # such as "accuracy.device"
    kind: str
    what: str = ""


def plain(value: Any) -> str:
    """Returns a value as people read it."""
    number = isinstance(value, int) and not isinstance(value, bool)
    return f"{value:,}" if number else str(value)


def percent(part: float) -> str:
    """Returns a part of 1 as percent."""
    return f"{part:.2%}"


@dataclass(frozen=True)
class Column(Generic[Source]):
    """A figure of each row of a report. `value` takes it from what is reported, as something that
    JSON can hold, None where it is not known. The other fields say how it is shown."""

    name: str  # in rows of values, in the page's data and in JUnit's properties
    title: str
    about: str  # what it says, in a phrase
    value: Callable[[Source], Any]
    rank: int = 0  # as of table.Heading
    number: bool = True
    text: Callable[[Any], str] = plain  # of a value that is not None, as the next three
    markdown: Callable[[Any], str] | None = None  # where Markdown shows more than `text`
    mood: Callable[[Any], Mood] = lambda value: ""
    order: Callable[[Any], Any] = lambda value: value  # what rows are sorted by
    missing: str = "?"  # shown for None
    optional: bool = False  # left out where no row has a value
    json: Callable[[Source], dict[str, Any]] | None = None  # default: the value, by name
    keys: Sequence[Key] = ()  # what `json` holds
    junit: bool = True  # a property of the test case
    steady: bool = True  # equal in every run of one build
    better: int = 0  # 1: more is better, -1: less is better

    @property
    def heading(self) -> table.Heading:
        return table.Heading(self.title, number=self.number, rank=self.rank)

    def shown(self, value: Any) -> str:
        """Returns a value as people read it."""
        return self.missing if value is None else self.text(value)

    def cell(self, value: Any) -> table.Cell:
        """Returns a value for a terminal."""
        colour = {"good": table.GOOD, "bad": table.BAD, "": ""}[self.feeling(value)]
        return Text(one_line(self.shown(value)), colour)

    def in_markdown(self, value: Any) -> str:
        """Returns a value for Markdown; what is wrong is bold."""
        text = self.missing if value is None else (self.markdown or self.text)(value)
        return f"**{text}**" if self.feeling(value) == "bad" else text

    def feeling(self, value: Any) -> Mood:
        """Returns whether a value is good news."""
        return "" if value is None else self.mood(value)

    def change(self, old: Any, new: Any) -> Mood:
        """Returns whether a change from `old` to `new` is good."""
        if old is None or new is None or not self.better:
            return self.feeling(new) if self.feeling(old) != self.feeling(new) else ""
        growth = self.better * (self.order(new) - self.order(old))
        return "good" if growth > 0 else "bad" if growth < 0 else ""

    def sorted_by(self, value: Any) -> Any:
        """Returns the number or the text by which rows are sorted; None comes last."""
        return None if value is None else self.order(value)

    def record(self, source: Source) -> dict[str, Any]:
        """Returns the keys that it adds to the JSON of a row."""
        return self.json(source) if self.json else {self.name: self.value(source)}


def present(columns: Iterable[Column[Any]], rows: Sequence[Values]) -> list[Column[Any]]:
    """Returns the columns to show for these rows."""

    def known(name: str) -> bool:
        return any(row.get(name) is not None for row in rows)

    return [column for column in columns if not column.optional or known(column.name)]


def show(columns: Iterable[Column[Any]], rows: Sequence[Values]) -> None:
    """Writes the rows as a table."""
    chosen = present(columns, rows)
    cells = [[column.cell(row.get(column.name)) for column in chosen] for row in rows]
    table.show("", [column.heading for column in chosen], cells)
