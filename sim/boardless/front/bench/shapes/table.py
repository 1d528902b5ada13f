"""The output of `boardless bench --shapes`: the slowest layers for people, all of them as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from boardless.device import boards
from boardless.front.bench import shapes
from boardless.report import table
from boardless.report.table import Cell, number, words

SHOWN = 5  # of each board, besides those that are slower than the vendor's
SLACK = 0.02  # of a floor: where a layer's data lie changes a few instructions of copies
HEADINGS = (
    words("board"),
    words("core", 3),
    words("layer"),
    number("instructions", 1),
    words("vendor", 2),
    number("its instructions", 1),
    number("times as fast"),
    number("at least", 1),
)
Rows = Mapping[str, Sequence[shapes.Compared]]  # by board


def record(found: Rows) -> dict[str, Any]:
    """Returns the JSON."""
    return {
        "ok": ok(found),
        "boards": {board: _board(board, rows) for board, rows in found.items()},
    }


def ok(found: Rows) -> bool:
    """Returns whether no layer is slower than it may be."""
    return all(row.ok for rows in found.values() for row in rows)


def _board(board: str, rows: Sequence[shapes.Compared]) -> dict[str, Any]:
    name = shapes.vendor_of(board)
    theirs = shapes.vendor(name).board[board]
    return {
        "core": boards.load(board).core,
        "vendor": {"name": shapes.VENDORS[name], "version": theirs.version}
        | {"compiler": theirs.compiler, "flags": theirs.flags},
        "worst": min(row.ratio for row in rows),
        "layers": [_layer(row) for row in rows],
    }


def _layer(row: shapes.Compared) -> dict[str, Any]:
    return vars(row) | {"floor": row.least, "ratio": row.ratio, "ok": row.ok}


def show(found: Rows) -> None:
    """Prints a table of the slowest layers, a line for each board and for each layer that is slower
    than it may be."""
    lines = []
    cells = []
    for board, rows in found.items():
        name = shapes.vendor_of(board)
        theirs = shapes.vendor(name).board[board]
        slower = sum(row.ratio < 1 for row in rows)
        cells += [_row(board, row) for row in rows[: max(SHOWN, slower)]]
        lines.append(
            f"{board}: worst ratio {rows[0].ratio:.2f} ({rows[0].shape}); {slower} of {len(rows)} "
            f"layers slower than {theirs.version}, {theirs.compiler}, {theirs.flags}"
        )
        for row in rows:
            if not row.ok:
                lines.append(f"SLOWER than allowed: {board}: {row.shape}: {_ratio(row)}")
            elif row.floor and row.ratio > row.least + SLACK:
                lines.append(f"may rise in shapes.toml: {board}: {row.shape}: {_ratio(row)}")
    table.show("single layers, the slowest of each board", HEADINGS, cells)
    for line in lines:
        table.note(line)


def _row(board: str, row: shapes.Compared) -> tuple[Cell, ...]:
    ratio = f"{row.ratio:.2f}"
    return (
        board,
        boards.load(board).core,
        row.shape,
        f"{row.ours:,}",
        shapes.VENDORS[shapes.vendor_of(board)],
        f"{row.theirs:,}",
        ratio if row.ok else table.bad(ratio),
        f"{row.least:.2f}",
    )


def _ratio(row: shapes.Compared) -> str:
    return f"{row.ratio:.3f} times as fast, at least {row.least:.3f}"
