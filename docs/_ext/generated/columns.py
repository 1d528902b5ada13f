"""The columns of the tables of results, and the JSON that they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from boardless.report import columns, gate_columns
from boardless.report.column import Column

from generated.writing import code, sentence, table


def markdown(what: str) -> str:
    """Returns the table of the columns of `runs` or of the `gate`, or of the keys in `json`."""
    if what == "json":
        keys = [key for column in columns.COLUMNS for key in column.keys]
        return table(("key", "type", "what"), [(code(k.path), k.kind, k.what) for k in keys])
    known: dict[str, Sequence[Column[Any]]] = {
        "runs": columns.COLUMNS,
        "gate": gate_columns.COLUMNS,
    }
    return table(("column", "meaning"), [_row(column) for column in known[what]])


def _row(column: Column[Any]) -> list[str]:
    return [column.title, sentence(column.about)]
