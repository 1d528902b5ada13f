"""`boardless gate`."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence

import click

from boardless import evaluate, parallel
from boardless.errors import TooSmall
from boardless.gate import against, judge, tolerances
from boardless.gate.judge import Case
from boardless.gate.tolerances import Tolerances
from boardless.report import gate as report
from boardless.report import record
from boardless.terminal import json_option, progress_bar


@click.command("gate")
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@click.option(
    "--board",
    "board_names",
    multiple=True,
    help="Default: all that `boardless sim` runs; may be given more than once.",
)
@click.option("--update", is_flag=True, help="Accept: write what runs now into the baselines.")
@click.option(
    "--against",
    "revision",
    metavar="REV",
    help="Compare with a git revision instead of with the baselines: both are built here, by the "
    "same tool chain, and run on the same inputs.",
)
@json_option
def command(
    models: tuple[str, ...],
    board_names: tuple[str, ...],
    update: bool,
    revision: str | None,
    json_file: str | None,
) -> None:
    """Compare predictions, memory and instructions with those that were accepted.

    MODEL is a name of the zoo, or NAME:int8 or NAME:float32 for one type of it; without one: all.

    Accepted figures stand in models/zoo/<model>/baseline/<board>.toml. Made by the same tool chain,
    none may grow by more than models/gate.toml allows. Made by another, only what does not depend
    on it is compared. Exit status: 0 all well or not comparable, 1 something is wrong, changed,
    worse or without a baseline, 2 bad usage or input, 3 a tool is missing or failed.
    """
    if update and revision:
        raise click.UsageError("--update and --against exclude each other")
    cases = judge.cases(models, board_names)
    limits = tolerances.load()
    with progress_bar() as progress:
        if revision:
            result = against.against(revision, cases, limits, progress)
        else:
            rows, misfits = judge_all(cases, limits, progress)
            result = judge.report(rows, limits, models, misfits)
    said = []
    if update:
        said = judge.update(result.rows, models, result.misfits) or [
            "nothing to accept: all is as accepted"
        ]
        result = judge.accepted(result)
    if json_file:
        record.write(report.record(result), json_file)
    if json_file != "-":
        report.show(result)
    for line in said:
        click.echo(line, err=True)
    if not result.ok:
        sys.exit(1)


def judge_all(
    cases: Sequence[Case], limits: Tolerances, progress: evaluate.Progress
) -> tuple[list[judge.Row], list[judge.Misfit]]:
    """Rows in the order of `cases`, as many at a time as there are processors, and the cases whose
    board is too small."""

    def one(case: Case, cancel: threading.Event) -> judge.Row | judge.Misfit:
        def say(what: str, done: int, total: int) -> None:
            if not cancel.is_set():
                progress(f"{case.names} {what}", done, total)

        try:
            return judge.judge(case, limits, say, cancel)
        except TooSmall as error:
            return judge.misfit(case, error)

    found = parallel.each(cases, one)
    rows = [row for row in found if isinstance(row, judge.Row)]
    return rows, [misfit for misfit in found if isinstance(misfit, judge.Misfit)]
