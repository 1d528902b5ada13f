"""`boardless report`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from boardless.core.errors import BadInput
from boardless.report import gate_columns, github, kept, page, record
from boardless.report.page_records import Report
from boardless.terminal import file_option, json_option


@click.command("report")
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="What a run has kept, or what `boardless gate --json` has written. Default: "
    "build/report.json, of the last `boardless sim`, or `boardless gate` of a .tflite.",
)
@file_option("output", "Default: build/report.html, or standard output for Markdown.", "-o")
@click.option(
    "--github", "as_markdown", is_flag=True, help="Markdown for a job summary or a comment instead."
)
@click.option(
    "--annotations",
    is_flag=True,
    help="A line per cause on standard output, which GitHub shows at the file, instead.",
)
@json_option
def command(
    source: Path | None,
    output: Path | None,
    as_markdown: bool,
    annotations: bool,
    json_file: str | None,
) -> None:
    """Make the HTML page of the last `boardless sim`.

    The page is one file that needs no other.
    """
    data = kept.load(source or kept.data_file())
    if annotations:
        click.echo(github.workflow_commands(data), nl=False)
    if as_markdown and output:
        record.write_text(github.summary(data), output)
    elif as_markdown:
        click.echo(github.summary(data), nl=False)
    target = None
    if not (annotations or as_markdown):
        if not isinstance(data, Report):
            where = str(source)
            raise BadInput("a gate result has no HTML page", where=where, hint="use --github")
        target = output or kept.page_file()
        record.write_text(page.render(data), target)
    if json_file:
        record.write(about(data, target), json_file)
    elif target:
        click.echo(str(target))


def about(data: Report | github.Gated, target: Path | None) -> dict[str, Any]:
    """Returns the JSON: what the report says, and where the page is."""
    causes = [{"line": c.line, "title": c.title, "file": c.file} for c in github.causes(data)]
    found: dict[str, Any] = {"page": target and str(target), "causes": causes}
    if isinstance(data, Report):
        return found | {
            "ok": data.ok,
            "command": data.command,
            "made": data.made,
            "commit": data.revision and data.revision.commit,
            "counts": data.counts,
            "notes": data.notes,
            "rows": [case.values for case in data.cases],
        }
    rows = [gate_columns.values(row) for row in data["rows"]]
    return found | {"ok": data["ok"], "notes": data["notes"], "rows": rows}
