"""`boardless report`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from boardless.core.errors import BadInput
from boardless.front import history as front
from boardless.report import gate_columns, github, history, kept, page, record
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
    path = source or kept.data_file()
    data = kept.load(path)
    with kept.showing(path):
        shown = github.shown(data)
        accepted = front.accepted_of(shown) if as_markdown else []
        trends = kept.trends(Path(history.FILE), shown, accepted)
        annotated, text = github.workflow_commands(data), github.summary(data, trends)
    if annotations:
        click.echo(annotated, nl=False)
    if as_markdown and output:
        record.write_text(text, output)
    elif as_markdown:
        click.echo(text, nl=False)
    target = None
    if not (annotations or as_markdown):
        if not isinstance(data, Report):
            where = str(source)
            raise BadInput("a gate result has no HTML page", where=where, hint="use --github")
        target = output or kept.page_file()
        with kept.showing(path):
            html = page.render(data)
        record.write_text(html, target)
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
