"""`boardless sweep`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from boardless.core.errors import BadInput
from boardless.front.sweep import cases, cluster, drive, store, summary
from boardless.path import cases as path_cases
from boardless.report import record
from boardless.terminal import (
    boards_option,
    cycles_option,
    emulator_option,
    json_option,
    limit_option,
    note,
    pixels_option,
    progress_bar,
    quiet_option,
    reference_option,
    runtime_option,
    say,
)


class Images(click.ParamType[tuple[str, Path]]):
    """--images"""

    name = "NAME=PATH"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, Path]:
        name, equals, path = str(value).partition("=")
        if not (name and equals and path):
            self.fail(f"{value!r} is not NAME=PATH", param, ctx)
        if not Path(path).exists():
            raise BadInput("no such file or folder", where=path, hint="see --images")
        return name, Path(path)


@click.command("sweep")
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@boards_option
@emulator_option
@runtime_option
@reference_option
@click.option(
    "--images",
    type=Images(),
    multiple=True,
    metavar="NAME=PATH",
    help="A data set: a .npz or a folder, as for `boardless run`, and the name it has in the "
    "results; may be given more than once. Default: each model's own test pictures.",
)
@limit_option("The first N pictures of each data set.")
@pixels_option
@cycles_option
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("sweep.sqlite"),
    show_default=True,
    metavar="FILE",
    help="The results; what is there already is not run again.",
)
@click.option(
    "--restart",
    is_flag=True,
    help="Where the file holds results of another build, other tools or other pictures: delete "
    "them and run these cases again.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Workers on this machine. Default: one per processor.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="The workers of this dask scheduler instead, such as tls://10.0.0.1:8786. Each needs the "
    "same checkout and tools as this machine; differences are named.",
)
@click.option(
    "--chunk",
    type=click.IntRange(1),
    metavar="N",
    help="Pictures that a worker takes at once. Default: 8 to 256, fewer of larger models.",
)
@click.option(
    "--show",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Run nothing, show what this file holds.",
)
@quiet_option
@json_option
def command(
    models: tuple[str, ...], show: Path | None, json_file: str | None, **options: Any
) -> None:
    """Run models x boards x data sets on many workers.

    Every picture runs once; results go into one SQLite file. MODEL is as for `boardless run`;
    without one it is every model of the zoo. The same command resumes an interrupted sweep, and
    does nothing when all is there. A chunk of
    pictures that fails is repeated once, then recorded with its reason, and the others go on; the
    next run tries it again. Needs the extra `sweep`: pip install 'boardless[sweep]'.

    The file's view `results` has a row per picture. Exit status: 0 all well, 1 an output is wrong,
    2 bad usage or input, 3 a tool is missing or failed, also for some of the pictures.
    """
    if show:
        with store.open_file(show, new=False) as results:
            sys.exit(_tell(results, None, json_file))
    sys.exit(_sweep(models, json_file, **options))


def _sweep(
    models: tuple[str, ...],
    json_file: str | None,
    *,
    which: str,
    emulator: str | None,
    reference: str,
    runtime: str,
    images: tuple[tuple[str, Path], ...],
    limit: int | None,
    pixels: str | None,
    cycles: bool,
    output: Path,
    restart: bool,
    jobs: int | None,
    scheduler: str | None,
    chunk: int | None,
) -> int:
    if scheduler and jobs:
        raise click.UsageError("--jobs is for workers on this machine: it excludes --scheduler")
    if len({name for name, _ in images}) < len(images):
        raise click.UsageError("--images: two data sets have the same name")
    cluster.need()
    chosen = path_cases.choose(which, say)
    asked = cases.choose(models, chosen, emulator, images, reference, runtime)
    preparation = cases.Preparation(limit, pixels, cycles, chunk)
    threads = jobs or os.cpu_count() or 1
    pairs = sorted({(case.board, case.emulator) for case in asked})

    def workers() -> Any:
        return cluster.remote(scheduler, pairs) if scheduler else cluster.local(threads)

    if scheduler and (unsafe := cluster.warning(scheduler)):
        say(unsafe)
    with store.open_file(output, new=True) as results:
        left = drive.outstanding(asked, preparation, results, restart)
        with progress_bar() as progress:
            drive.drive(left, preparation, results, threads, workers, progress)
        numbers = [results.case_id(case) for case in asked]
        status = _tell(results, [number for number in numbers if number], json_file)
    note(f"results: {output}")
    return status


def _tell(results: store.Store, only: list[int] | None, json_file: str | None) -> int:
    """Shows the cases; the exit status they make."""
    found = summary.shown(results) if only is None else summary.records(results, only)
    if json_file:
        record.write(found, json_file)
    if json_file != "-":
        summary.show(found)
    if any(case["wrong"] for case in found):
        return 1
    return max((f["status"] for case in found for f in case["failures"]), default=0)
