"""`boardless report`, and where `boardless sim` leaves what it shows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from boardless import paths
from boardless.errors import BadInput
from boardless.records import Run, Verdict
from boardless.report import github, page, record


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


@click.command("report")
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="What a run has kept. Default: build/report.json, of the last `boardless sim`.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Default: build/report.html.",
)
@click.option(
    "--github",
    "as_markdown",
    is_flag=True,
    help="Write a job summary in Markdown to standard output instead.",
)
def report_command(source: Path | None, output: Path | None, as_markdown: bool) -> None:
    """Make the HTML page of the last `boardless sim`: one file that needs no other."""
    data = load(source or data_file())
    if as_markdown:
        click.echo(github.summary(data))
        return
    target = output or page_file()
    record.write_text(page.render(data), target)
    click.echo(str(target))


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
