"""`boardless mlperf`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from boardless import path
from boardless.data import pictures
from boardless.front import mlperf
from boardless.report import record, table
from boardless.report.table import words
from boardless.terminal import (
    board_option,
    emulator_option,
    images_option,
    json_option,
    labelled,
    limit_option,
    progress_bar,
    quiet_option,
)


@click.command("mlperf")
@click.argument("model")
@board_option
@emulator_option
@click.option("--mode", type=click.Choice(["accuracy", "performance"]), default="accuracy")
@images_option
@limit_option("Only the first N pictures.")
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=mlperf.SECONDS,
    show_default=True,
    help="Virtual time of each window of a performance run, at least.",
)
@quiet_option
@json_option
def command(
    model: str,
    board: str,
    emulator: str | None,
    mode: str,
    images: Path | None,
    limit: int | None,
    seconds: float,
    json_file: str | None,
) -> None:
    """Run MODEL the way MLPerf Tiny's runner does.

    Only commands of its device protocol are used. An accuracy run sends every picture once; exit
    status 1 where a result differs from the reference. A performance run takes the median of 5
    windows; its seconds are virtual time, the same in every run.
    """
    request = path.Request(model, board, emulator=emulator)
    with progress_bar() as progress:
        say = labelled(request, progress)
        prepared = path.prepare(request, say)
        fed = pictures.load(prepared.model, images, limit)
        result = mlperf.run(
            mode, prepared.model, prepared.build, prepared.emulator, fed, seconds, say
        )
    if json_file:
        record.write(result, json_file)
    if json_file != "-":
        shown = [(k, v) for k, v in result.items() if not isinstance(v, list)]
        rows = [(k, f"{v:.4g}" if isinstance(v, float) else str(v)) for k, v in shown]
        table.show("", (words("what"), words("found")), rows)
    if not result.get("ok", True):
        sys.exit(1)
