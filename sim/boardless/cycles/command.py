"""`boardless profile` and `boardless count`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from boardless import boards, evaluate
from boardless.cycles import bare, estimate
from boardless.emulators import qemu
from boardless.errors import BadInput
from boardless.report import count as count_report
from boardless.report import profile as report
from boardless.report import record
from boardless.report.picture import draw
from boardless.terminal import (
    board_option,
    core_option,
    emulator_option,
    json_option,
    labelled,
    part_option,
    progress_bar,
)

F = TypeVar("F", bound=Callable[..., Any])
MOST = 12  # functions shown
PICTURES = 4

most_option = click.option(
    "--most",
    type=click.IntRange(0),
    default=MOST,
    show_default=True,
    metavar="N",
    help="Show this many functions.",
)


def file_option(name: str, what: str) -> Callable[[F], F]:
    return click.option(
        f"--{name}", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help=what
    )


@click.command("profile")
@click.argument("model")
@board_option
@emulator_option
@core_option
@part_option
@click.option(
    "--images",
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH",
    help="As for `boardless run`; the first picture is profiled.",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=PICTURES,
    show_default=True,
    metavar="N",
    help="Pictures that min, median and max are taken of.",
)
@click.option("--link", type=click.Choice(["uart", "memory"]), help="As for `boardless run`.")
@click.option("--fold/--no-fold", default=True, show_default=True, help="As for `boardless run`.")
@most_option
@file_option("speedscope", "Write stacks of layer and function for https://www.speedscope.app.")
@file_option("csv", "Write one row per function within a layer.")
@file_option("picture", "Draw one bar per layer: .svg, .png or .pdf.")
@json_option
def profile_command(
    model: str,
    most: int,
    speedscope: Path | None,
    csv: Path | None,
    picture: Path | None,
    json_file: str | None,
    **options: Any,
) -> None:
    """Show instructions and estimated cycles of one inference, by layer and by function.

    MODEL is a name of the zoo (`boardless models`) or the path of a .tflite file. The outputs are
    compared with the reference first; of wrong ones nothing is shown. Estimates come with the error
    that the model of the core has shown against measured boards.
    """
    request = evaluate.Request(model=model, **options)
    with progress_bar() as progress:
        run, verdict = evaluate.evaluate(request, labelled(request, progress))
    if not verdict.ok:
        click.echo(f"boardless: no profile: {verdict.reason}", err=True)
        sys.exit(1)
    if run.counts.counted is None:
        raise BadInput(run.counts.cycles_missing, hint="`boardless run` still counts instructions")
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


@click.command("count")
@click.argument("elf", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@board_option
@click.option(
    "--function",
    "functions",
    multiple=True,
    metavar="F",
    help="Show only this function; may be given more than once.",
)
@click.option(
    "--region",
    "regions",
    multiple=True,
    metavar="BEGIN:END",
    help="Count from one instruction to another, as symbols or addresses; may be given more than "
    "once. Default: the whole run.",
)
@core_option
@part_option
@most_option
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=bare.SECONDS,
    show_default=True,
    help="Give up on a program that has not ended by then.",
)
@json_option
def count_command(
    elf: Path,
    board: str,
    functions: tuple[str, ...],
    regions: tuple[str, ...],
    cores: tuple[str, ...],
    parts: tuple[str, ...],
    most: int,
    seconds: float,
    json_file: str | None,
) -> None:
    """Run any bare-metal ELF on an emulated board and count what it executes.

    What it prints by semihosting or on its first UART is passed through; it ends by a semihosting
    exit, whose status becomes the status of this command where all else went well.
    """
    target = boards.load(board)
    wanted = estimate.targets(cores or ([] if parts else [target.core]), parts)
    output = (sys.stderr if json_file == "-" else sys.stdout).buffer

    def pass_on(data: bytes) -> None:
        output.write(data)
        output.flush()

    caches = estimate.caches(wanted, *target.memory.flash)
    result = bare.run(elf, target, regions=regions, caches=caches, seconds=seconds, output=pass_on)
    for line in result.stderr:  # what the program has printed there
        click.echo(line, err=True)
    for name in functions:
        result.image.symbol(name)
    emulator = {"name": "qemu", "version": qemu.version(target)}
    made = count_report.of(result, target, emulator, wanted, regions, functions)
    if json_file:
        record.write(count_report.record(made), json_file)
    if json_file != "-":
        count_report.show(made, most)
    if result.exit_code:
        sys.exit(result.exit_code)
