"""`boardless profile`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from boardless import path
from boardless.core.errors import BadInput
from boardless.report import profile as report
from boardless.report import record
from boardless.report.picture import draw
from boardless.terminal import (
    board_option,
    core_option,
    emulator_option,
    file_option,
    fold_option,
    images_option,
    json_option,
    labelled,
    limit_option,
    link_option,
    most_option,
    part_option,
    progress_bar,
    quiet_option,
    reference_option,
    runtime_option,
    say,
)

PICTURES = 4
ENDINGS = (".svg", ".png", ".pdf")


@click.command("profile")
@click.argument("model")
@board_option
@emulator_option
@runtime_option
@reference_option
@core_option
@part_option
@images_option
@limit_option("Pictures that min, median and max are taken of; the first is profiled.", PICTURES)
@link_option
@fold_option
@most_option
@file_option("speedscope", "Write stacks of layer and function for https://www.speedscope.app.")
@file_option("csv", "Write one row per function within a layer.")
@file_option("picture", "Draw one bar per layer: .svg, .png or .pdf.")
@quiet_option
@json_option
def command(
    model: str,
    most: int,
    speedscope: Path | None,
    csv: Path | None,
    picture: Path | None,
    json_file: str | None,
    **options: Any,
) -> None:
    """Show the cost of one inference by layer and by function.

    The cost is instructions and estimated cycles. MODEL is a name of the zoo (`boardless models`)
    or the path of a .tflite file. Outputs are verified first; if they are wrong, no profile is
    shown. Estimates come with the error that the model of the core has shown against measured
    boards.
    """
    if picture and picture.suffix not in ENDINGS:
        raise BadInput(f"a picture ends in {', '.join(ENDINGS)}", where=str(picture))
    request = path.Request(model=model, **options)
    with progress_bar() as progress:
        outcome = path.follow(request, labelled(request, progress))
    run = outcome.run
    if not outcome.verdict.ok:
        say(f"boardless: no profile: {outcome.verdict.reason}")
        sys.exit(1)
    if run.counts.counted is None:
        still = "`boardless run` still counts instructions" if run.counts.instructions else ""
        raise BadInput(run.counts.cycles_missing, hint=still or run.counts.missing)
    made = report.of(run)
    if speedscope:
        record.write(report.as_speedscope(made), str(speedscope))
    if csv:
        record.write_text(report.as_csv(made), csv)
    if picture:
        draw(made, picture)
    if json_file:
        record.write(report.record(made), json_file)
    if json_file != "-":
        report.show(made, most)
