"""The files that `boardless sim` writes and `boardless report` shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from boardless.core import paths
from boardless.core.errors import BadInput
from boardless.report import page, record


def data_file() -> Path:
    return paths.build_root() / "report.json"


def page_file() -> Path:
    return paths.build_root() / "report.html"


def keep(data: dict[str, Any]) -> Path:
    """Writes the report of what `page.collect` returned; the path of the page."""
    record.write(data, str(data_file()))
    record.write_text(page.render(data), page_file())
    return page_file()


def load(path: Path) -> dict[str, Any]:
    """Reads what `keep` wrote, or the JSON of `boardless gate`. BadInput if there is none, or none
    of this version."""
    hint = "run `boardless sim` first"
    try:
        data = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        what = error.strerror if isinstance(error, OSError) else "not JSON"
        raise BadInput(what or str(error), where=str(path), hint=hint) from error
    of_gate = {"ok", "rows", "findings", "notes"}
    if not isinstance(data, dict) or not (
        data.get("version") == page.VERSION or of_gate <= {*data}
    ):
        raise BadInput("not what this version has kept", where=str(path), hint=hint)
    return data
