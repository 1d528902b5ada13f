"""`boardless report`."""

from __future__ import annotations

from pathlib import Path

import click

from boardless.core.errors import BadInput
from boardless.report import github, kept, page, record
from boardless.terminal import file_option


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
def command(source: Path | None, output: Path | None, as_markdown: bool, annotations: bool) -> None:
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
    if annotations or as_markdown:
        return
    if "runs" not in data:
        raise BadInput("a gate result has no HTML page", where=str(source), hint="use --github")
    target = output or kept.page_file()
    record.write_text(page.render(data), target)
    click.echo(str(target))
