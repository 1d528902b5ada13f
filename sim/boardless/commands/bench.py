"""`boardless bench`."""

from __future__ import annotations

import sys

import click
from click.core import ParameterSource

from boardless import path, runtimes
from boardless.core.errors import BadInput, TooSmall
from boardless.device import boards
from boardless.front import bench
from boardless.front.bench import shapes
from boardless.front.bench import table as bench_report
from boardless.front.bench.shapes import table as shapes_report
from boardless.model import mlperf_tiny
from boardless.report import record
from boardless.terminal import board_option, json_option, labelled, progress_bar, quiet_option


@click.command("bench")
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@click.option(
    "--shapes",
    "by_shape",
    is_flag=True,
    help="Single layers of many shapes, compared with the kernels of a core's vendor; without "
    "--board on every board that those are recorded on.",
)
@click.option(
    "--record",
    "vendor",
    metavar="RUNTIME",
    help="With --shapes: measure and record the vendor's kernels: cmsis_nn or esp_nn.",
)
@board_option
@quiet_option
@json_option
@click.pass_context
def command(
    context: click.Context,
    models: tuple[str, ...],
    by_shape: bool,
    vendor: str | None,
    board: str,
    json_file: str | None,
) -> None:
    """Count instructions by kind of layer, next to peers' figures.

    This is what `nox -s bench` runs. Without a MODEL: those of bench.toml, of which some have
    limits. Outputs are compared with the reference first.
    """
    if by_shape:
        if models:
            raise BadInput("--shapes takes no models", hint="leave them out")
        named = context.get_parameter_source("board") is not ParameterSource.DEFAULT
        _compare_shapes([board] if named else shapes.recorded(), vendor, json_file)
        return
    if vendor:
        raise BadInput("--record is for --shapes", hint="say --shapes, too")
    target = boards.load(board)
    rows, cases = [], bench.cases(models)
    if not models:
        missing = [case for case in cases if not bench.here(case)]
        cases = tuple(case for case in cases if case not in missing)
        if missing:
            names = ", ".join(dict.fromkeys(case.model for case in missing))
            hint = f"{mlperf_tiny.VARIABLE} names a checkout of mlcommons/tiny"
            click.echo(f"not here, so not measured: {names}; {hint}", err=True)
    for model in models:
        bench.find(model)  # one that is not there is refused before minutes are spent
    with progress_bar() as progress:
        for case in cases:
            request = path.Request(case.model, board)
            try:
                rows.append(bench.measure(case, target, labelled(request, progress)))
            except TooSmall as error:
                if models:  # somebody wants just these
                    raise
                click.echo(f"not measured: {error.what}", err=True)
    if json_file:
        record.write(bench_report.record(rows, board), json_file)
    if json_file != "-":
        bench_report.show(rows)
    if not bench.ok(rows):
        sys.exit(1)


def _compare_shapes(names: list[str], vendor: str | None, json_file: str | None) -> None:
    found = {}
    with progress_bar() as progress:
        for board in names:
            if vendor:
                shapes.record(board, vendor, progress)
            ours = shapes.measured(board, runtimes.OURS, progress)
            found[board] = shapes.compared(board, ours)
    result = shapes_report.record(found)
    if json_file:
        record.write(result, json_file)
    if json_file != "-":
        shapes_report.show(found)
    if not result["ok"]:
        sys.exit(1)
