"""`boardless mlperf`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from boardless import path
from boardless.data import pictures
from boardless.device import emulators
from boardless.device.link.benchmark import BENCHMARKS, Answers, Benchmark
from boardless.device.link.client import Client
from boardless.front import mlperf, published_runner
from boardless.front.published_runner import Runner
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
    reference_option,
)


@click.command("mlperf")
@click.argument("model")
@board_option
@emulator_option
@reference_option
@click.option("--mode", type=click.Choice(["accuracy", "performance"]), default="accuracy")
@images_option
@limit_option("Only the first N pictures.")
@click.option(
    "--runner",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Let the published runner do it: the folder benchmark/runner of mlcommons/tiny.",
)
@click.option(
    "--as",
    "benchmark",
    type=click.Choice(sorted(BENCHMARKS)),
    help="With --runner: the benchmark that MODEL is.",
)
@click.option(
    "--dataset",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="With --runner: the folder that holds ic01, kws01, ...",
)
@click.option(
    "--python",
    default=sys.executable,
    metavar="PROGRAM",
    help="With --runner: the Python that has its packages. Default: boardless's own.",
)
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
    reference: str,
    mode: str,
    images: Path | None,
    limit: int | None,
    seconds: float,
    json_file: str | None,
    runner: Path | None,
    benchmark: str | None,
    dataset: Path | None,
    python: str,
) -> None:
    """Run MODEL the way MLPerf Tiny's runner does.

    Only commands of its device protocol are used. An accuracy run sends every picture once; exit
    status 1 where a result differs from the reference. A performance run takes the median of 5
    windows; its seconds are virtual time, the same in every run.
    """
    request = path.Request(model, board, emulator=emulator, reference=reference)
    if runner:
        if not benchmark or not dataset:
            raise click.UsageError("--runner needs --as BENCHMARK and --dataset DIR")
        if images or limit is not None or json_file:
            raise click.UsageError("--runner knows no --images, --limit or --json")
        published(request, Runner(runner, dataset, mode, python), BENCHMARKS[benchmark])
        return
    if benchmark or dataset:
        raise click.UsageError("--as and --dataset belong to --runner")
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


def published(request: path.Request, runner: Runner, benchmark: Benchmark) -> None:
    """Runs the published runner against the model of `request`."""
    runner.check(benchmark.name)
    published_runner.available(runner.python)
    with progress_bar() as progress:
        prepared = path.prepare(request, progress)
    benchmark.check(prepared.model.graph)
    built = prepared.build
    session = emulators.load(prepared.emulator).start(built.board, built.elf, shared=False)
    try:
        Client(session).boot()
        lent = Answers(session, benchmark, prepared.model.graph, least=runner.least)
        published_runner.run(lent, runner)
    finally:
        session.close()
