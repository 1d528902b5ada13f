"""Where `boardless sim` leaves what `boardless report` shows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from boardless import paths
from boardless.errors import BadInput
from boardless.records import Run, Verdict
from boardless.report import page, record


def data_file() -> Path:
    return paths.build_root() / "report.json"


def page_file() -> Path:
    return paths.build_root() / "report.html"


def keep(results: Sequence[tuple[Run, Verdict]], gates: Sequence[Any], command: str) -> Path:
    """Writes the report of these runs; the path of the page."""
    data = page.collect(results, gates, command)
    record.write(data, str(data_file()))
    record.write_text(page.render(data), page_file())
    return page_file()


def load(path: Path) -> dict[str, Any]:
    """BadInput where there is none, or none of this version."""
    hint = "run `boardless sim` first"
    try:
        data = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        what = error.strerror if isinstance(error, OSError) else "not JSON"
        raise BadInput(what or str(error), where=str(path), hint=hint) from error
    if not isinstance(data, dict) or data.get("version") != page.VERSION:
        raise BadInput("not what this version has kept", where=str(path), hint=hint)
    return data
