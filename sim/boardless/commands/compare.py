"""`boardless compare`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from boardless.front import compare
from boardless.model import profiles
from boardless.report import compare as report
from boardless.report import compare_page, record
from boardless.terminal import (
    command_line,
    core_option,
    file_option,
    fold_option,
    fresh_option,
    images_option,
    json_option,
    labels_option,
    limit_option,
    part_option,
    pixels_option,
    progress_bar,
    quiet,
    quiet_option,
    several_boards_option,
)


@click.command("compare")
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@several_boards_option(
    "See `boardless boards`; may be given more than once.", default=("mps2-an386",)
)
@click.option(
    "--runtime",
    "runtime_names",
    multiple=True,
    metavar="NAME[:VARIANT]",
    help="Only this runtime; may be given more than once. Default: all, with all variants that are "
    "for the board.",
)
@click.option(
    "--reference",
    default=profiles.DEFAULT,
    show_default=True,
    type=click.Choice(profiles.names()),
    help="All runtimes are held against this one, and each against the one that it follows.",
)
@core_option
@part_option
@images_option
@limit_option("Only the first N pictures.", compare.PICTURE_COUNT)
@pixels_option
@labels_option
@fold_option
@fresh_option
@file_option("html", "Write a page of the tables, with bars for each layer, to FILE.")
@quiet_option
@json_option
def command(
    models: tuple[str, ...],
    board_names: tuple[str, ...],
    runtime_names: tuple[str, ...],
    reference: str,
    fresh: bool,
    html: Path | None,
    json_file: str | None,
    **options: Any,
) -> None:
    """Compare runtimes on MODEL, with the same pictures.

    MODEL is a name of the zoo or the path of a .tflite. Each row is a runtime on a board: its
    version, whether its outputs are those of the reference that it follows and of --reference,
    instructions, estimated cycles, milliseconds and millijoules of a --part, and memory of the
    whole firmware. What a runtime refuses is a row, too, and its reason stands below. A --part is
    for the boards that have its core. Exit status: 0 all outputs are those of the runtime's own
    reference, 1 some are not, 2 bad usage or input, 3 nothing could be measured.
    """
    with progress_bar() as progress:
        rows = compare.compare(
            models, board_names, runtime_names, progress, common=reference, fresh=fresh, **options
        )
    if json_file:
        data = report.records(reference, rows)
        record.write(data[0] if len(data) == 1 else data, json_file)
    if html:
        record.write_text(compare_page.render(reference, rows, command_line()), html)
    if json_file != "-" and not quiet():
        report.show(reference, rows)
    measured = [row for row in rows if row.outcome]
    if not measured:
        sys.exit(3)
    if not all(row.ok for row in measured):
        sys.exit(1)
