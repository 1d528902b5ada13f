"""`boardless report`."""

from __future__ import annotations

from pathlib import Path

import click

from boardless.errors import BadInput
from boardless.report import github, kept, page, record
from boardless.terminal import file_option


@click.command("report")
@click.option(
    "--from",
    "sources",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    metavar="FILE",
    help="What a run has kept, or what `boardless gate --json` has written; may be given more than "
    "once. Default: build/report.json, of the last `boardless sim`.",
)
@file_option("output", "Default: build/report.html, or standard output for Markdown.", "-o")
@click.option(
    "--github", "as_markdown", is_flag=True, help="Markdown for a job summary or a comment instead."
)
@click.option(
    "--annotations",
    is_flag=True,
    help="A line per cause on standard output, which GitHub shows beside the file instead.",
)
def command(
    sources: tuple[Path, ...], output: Path | None, as_markdown: bool, annotations: bool
) -> None:
    """Make the HTML page of the last `boardless sim`: one file that needs no other."""
    found = [kept.load(source) for source in sources or [kept.data_file()]]
    if annotations:
        click.echo(github.workflow_commands(*found), nl=False)
    if as_markdown and output:
        record.write_text(github.summary(*found), output)
    elif as_markdown:
        click.echo(github.summary(*found), nl=False)
    if annotations or as_markdown:
        return
    if len(found) > 1 or "runs" not in found[0]:
        raise BadInput("a page shows one run", where=str(sources[-1]), hint="--github shows these")
    target = output or kept.page_file()
    record.write_text(page.render(found[0]), target)
    click.echo(str(target))
