"""`boardless report`."""

from __future__ import annotations

from pathlib import Path

import click

from boardless.report import github, kept, page, record


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
def command(source: Path | None, output: Path | None, as_markdown: bool) -> None:
    """Make the HTML page of the last `boardless sim`: one file that needs no other."""
    data = kept.load(source or kept.data_file())
    if as_markdown:
        click.echo(github.summary(data))
        return
    target = output or kept.page_file()
    record.write_text(page.render(data), target)
    click.echo(str(target))
