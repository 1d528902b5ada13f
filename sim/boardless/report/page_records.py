"""The records of the page, which JSON can hold: `boardless report` reads them again.

Everything in a file is checked against them, so that a page can be made of a file from elsewhere.
"""

from __future__ import annotations

from typing import Any

import msgspec

from boardless.report.column import Mood

VERSION = 5  # of these records


class Line(msgspec.Struct, frozen=True):
    """A sentence, and whether it is good news."""

    text: str
    mood: Mood = ""
    case: str = ""  # the id of the case that it is about


class Cause(msgspec.Struct, frozen=True):
    """Why something fails."""

    line: str
    title: str
    file: str = ""
    case: str = ""


class LayerRow(msgspec.Struct, frozen=True):
    """A layer: `value` now, what it was in the baseline, and what a board measured."""

    index: int
    op: str
    name: str
    macs: int
    value: float
    baseline: float | None = None
    measured: int | None = None


class Layers(msgspec.Struct, frozen=True):
    """The layers of a case; `most` is the largest value, or baseline, of all."""

    unit: str
    most: float
    rows: list[LayerRow]


class MemoryMap(msgspec.Struct, frozen=True):
    """Bytes in use, and how many the board has."""

    arena_bytes: int
    weights_bytes: int
    code_bytes: int
    stack_bytes: int
    flash_bytes: int
    ram_bytes: int
    other_bytes: int  # of static RAM, without the arena
    flash_total: int
    ram_total: int


class Buffer(msgspec.Struct, frozen=True):
    """A rectangle of the memory plan: bytes upwards, steps to the right."""

    name: str
    kind: str
    offset: int
    size: int
    first: int
    last: int


class Arena(msgspec.Struct, frozen=True):
    """The memory plan of the arena."""

    bytes: int
    steps: int
    buffers: list[Buffer]


class Confusion(msgspec.Struct, frozen=True):
    """Rows: what the label says; columns: what the device says."""

    classes: list[str]
    counts: list[list[int]]


class Tile(msgspec.Struct, frozen=True):
    """A picture in a grid; `cell` is its place in the sheet."""

    index: int
    cell: int
    device: str
    reference: str
    label: str | None = None


class Group(msgspec.Struct, frozen=True):
    """Pictures of one kind; `count` may be more than there are tiles."""

    title: str
    count: int
    tiles: list[Tile]
    mood: Mood = ""


class Grid(msgspec.Struct, frozen=True):
    """The pictures of a case, the worst first; `sheet` is a number of Report.sheets."""

    sheet: int
    groups: list[Group]


class Sheet(msgspec.Struct, frozen=True):
    """Small pictures in one file: `columns` x `rows` cells."""

    uri: str
    columns: int
    rows: int
    width: int  # of a cell, in pixels
    height: int
    pixelated: bool


class Gate(msgspec.Struct, frozen=True):
    """The gate's verdict on a case."""

    ok: bool
    verdict: str
    lines: list[Line]


class FigureTable(msgspec.Struct, frozen=True):
    """A table of figures: the first cell of each row says what they are about."""

    title: str
    headings: list[str]
    rows: list[list[str]]


class CaseReport(msgspec.Struct, frozen=True):
    """One model on one board; `values` has the value of each column."""

    id: str
    model: str
    board: str
    description: str
    state: str  # one of runs.STATES
    values: dict[str, Any]
    ok: bool
    reason: str
    origin: str  # of the pictures
    estimates: list[str]
    basis: str  # what the first estimate is worth
    measured: str
    gate: Gate | None
    file: str  # where the baseline stands
    layers: Layers
    memory: MemoryMap
    arena: Arena
    confusion: Confusion | None
    grid: Grid | None
    tools: dict[str, str]
    command: str
    notes: list[str]
    metrics: list[FigureTable] = []


class Revision(msgspec.Struct, frozen=True):
    """The commit that was checked out; `changed`: with changes that are not committed."""

    commit: str
    date: str
    changed: bool


class Dot(msgspec.Struct, frozen=True):
    """A commit in a trend: its place in pixels, and what it says; "" where the line only bends."""

    x: float
    y: float
    text: str


class Trend(msgspec.Struct, frozen=True):
    """One figure of one case over commits."""

    case: str
    figure: str
    first: str
    last: str
    dots: list[Dot]  # those where the line bends
    commits: int = 0  # 0: as many as there are dots


class Report(msgspec.Struct, frozen=True):
    """All of the page."""

    version: int
    boardless: str
    command: str
    made: str  # date and time
    revision: Revision | None
    ok: bool
    counts: dict[str, int]  # by state
    causes: list[Cause]
    notes: list[str]
    cases: list[CaseReport]
    sheets: list[Sheet]
    changes: list[Line] = []  # since the run before
    before: str = ""  # which run that was
    trends: list[Trend] = []  # over commits
