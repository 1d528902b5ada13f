"""`boardless fit`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from boardless.front import fit
from boardless.front.fit import places
from boardless.judge import fits
from boardless.model import zoo
from boardless.report import fit as report
from boardless.report import record, table
from boardless.terminal import (
    file_option,
    fresh_option,
    json_option,
    progress_bar,
    quiet,
    quiet_option,
    several_boards_option,
)
from boardless.terminal.limits import budget_options, budgets


@click.command("fit")
@click.argument("model", required=False, metavar="[MODEL]")
@several_boards_option(
    "Only this board; may be given more than once. Without MODEL: the zoo on it."
)
@click.option(
    "--part",
    "part_names",
    multiple=True,
    metavar="P",
    help="Only this part, such as stm32l4r5; may be given more than once.",
)
@budget_options
@file_option(
    "picture",
    "Without MODEL: draw accuracy against time and RAM: .svg, .png or .pdf.",
)
@fresh_option
@quiet_option
@json_option
def command(
    model: str | None,
    board_names: tuple[str, ...],
    part_names: tuple[str, ...],
    picture: Path | None,
    fresh: bool,
    json_file: str | None,
    **options: Any,
) -> None:
    """Say where MODEL fits, and how long it takes there.

    Without --board and --part these are all boards and all parts: whether flash and RAM are enough,
    by how many bytes not, and the estimated milliseconds of one inference, the fastest first. One
    board of each core is emulated, the others are only linked. Without MODEL, it is the zoo on the
    boards and parts that are named. Where a budget is exceeded, a line names the layer that matters
    most. Exit status: 0 it fits somewhere, 1 it fits nowhere or exceeds a budget everywhere, 2 bad
    usage or input, 3 a tool is missing or failed, or no place that was asked for is known to be
    within the budgets, such as an emulated board without a clock.
    """
    limits = budgets(options, every_part=True)
    if model is None and not board_names and not part_names:
        raise click.UsageError("name a MODEL, or a --board or --part for the models of the zoo")
    if model is not None and picture:
        raise click.UsageError("--picture is of the zoo: leave out MODEL")
    wanted = places.chosen(board_names, part_names)
    models = [model] if model else [f"{n}:{kind}" for n in zoo.names() for kind in zoo.types(n)]
    with progress_bar() as progress:
        found = fit.find(models, wanted, progress, fresh=fresh)
    if model is None:
        found = [_of_zoo(row) for row in found]
    rows = fits.in_order(found, limits)
    if json_file:
        record.write(report.record(rows, limits, zoo=model is None), json_file)
    if picture:
        report.draw(rows, picture)
    if json_file != "-":
        if not quiet():
            (report.show_places if model else report.show_zoo)(rows, limits)
        table.note(report.closing(rows, limits))
    if not any(row.ok(limits) for row in rows):
        unknown = any(row.ok(limits) is None for row in rows)
        sys.exit(3 if unknown else 1)


def _of_zoo(row: fits.Fit) -> fits.Fit:
    """Returns the row of a zoo's model with what its card states."""
    dataset = zoo.results(row.model.partition(":")[0]).dataset
    return replace(row, accuracy=zoo.card_accuracy(row.model), dataset=dataset)
