"""`boardless bench`."""

from __future__ import annotations

import sys

import click

from boardless import path
from boardless.device import boards
from boardless.front import bench
from boardless.front.bench import table as bench_report
from boardless.report import record
from boardless.terminal import board_option, json_option, labelled, progress_bar, quiet_option


@click.command("bench")
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@board_option
@quiet_option
@json_option
def command(models: tuple[str, ...], board: str, json_file: str | None) -> None:
    """Count instructions by kind of layer, next to peers' figures.

    This is what `nox -s bench` runs. Without a MODEL: those of bench.toml, of which some have
    limits. Outputs are compared with the reference first.
    """
    target = boards.load(board)
    rows = []
    with progress_bar() as progress:
        for case in bench.cases(models):
            request = path.Request(case.model, board)
            rows.append(bench.measure(case, target, labelled(request, progress)))
    if json_file:
        record.write(bench_report.record(rows, board), json_file)
    if json_file != "-":
        bench_report.show(rows)
    if not bench.ok(rows):
        sys.exit(1)
