"""The exit status of the command line, from the exceptions that decide it."""

from __future__ import annotations

import inspect

from boardless.core import errors
from boardless.core.errors import BoardlessError

from generated.writing import code, prose, table

OTHERS = {
    0: "All well.",
    1: "A verdict failed: a wrong output, or the gate fails.",
    130: "Interrupted by Ctrl-C.",
}


def markdown() -> str:
    rows = [[str(status), "", what] for status, what in OTHERS.items()]
    for name, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, BoardlessError) and kind is not BoardlessError:
            text = prose(kind).split(f" (exit status {kind.exit_status})")[0].rstrip(".")
            rows.append([str(kind.exit_status), code(name), f"{text}."])
    return table(("status", "exception", "what"), sorted(rows, key=lambda row: int(row[0])))
