"""`boardless run`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from boardless import path
from boardless.device.link import faults
from boardless.judge import metrics
from boardless.report import page, record, runs, table
from boardless.report.collect import collect
from boardless.terminal import (
    command_line,
    core_option,
    cycles_option,
    emulator_option,
    file_option,
    fold_option,
    images_option,
    json_option,
    labelled,
    labels_option,
    limit_option,
    link_option,
    part_option,
    pixels_option,
    port_options,
    progress_bar,
    quiet,
    quiet_option,
    reference_option,
    runtime_option,
    several_boards_option,
)
from boardless.terminal.limits import budget_options, budgets


class Link(click.ParamType[faults.Faults]):
    """--bad-line"""

    name = "drop=P,flip=P,..."

    def convert(self, value: Any, param: Any, ctx: Any) -> faults.Faults:
        return faults.parse(value)


class Names(click.ParamType[tuple[str, ...]]):
    """--metrics"""

    name = "all|A,B,..."

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, ...]:
        return value if isinstance(value, tuple) else metrics.parse(value)


metrics_option = click.option(
    "--metrics",
    type=Names(),
    default=(),
    help=f"How good the model is, by the device's outputs: {', '.join(metrics.NAMES)}; or all that "
    "the pictures allow. Robustness runs every picture 20 times more, corrupted.",
)
groups_option = click.option(
    "--groups",
    type=click.Path(path_type=Path, exists=True),
    metavar="FILE",
    help="A CSV `picture,group`, for fairness: a picture's number, from 0, or its path within the "
    "folder. Default: `groups` in the .npz.",
)
bad_line_option = click.option(
    "--bad-line",
    type=Link(),
    help="Damage the line on purpose: drop and flip are probabilities per byte, split and delay "
    "byte counts, such as drop=0.001,flip=0.001,split=3,delay=2,seed=1.",
)


# Options that say how our own firmware is built or talked to.
OURS_ALONE = {
    "port": "--port",
    "keep_input": "--keep-input",
    "bad_line": "--bad-line",
    "flash": "--flash",
}


def _check_foreign(
    models: tuple[str, ...], board_names: tuple[str, ...], options: dict[str, Any]
) -> None:
    """Raises UsageError for options that do not go with the firmware of somebody else, or only
    with it."""
    if options["elf"] is None:
        for name in ("region", "uint8"):
            if options[name]:
                raise click.UsageError(f"--{name} is for --elf")
        return
    if len(models) > 1 or len(board_names) > 1:
        raise click.UsageError("--elf is of one model on one board")
    for name, option in OURS_ALONE.items():
        if options[name]:
            raise click.UsageError(f"--elf and {option} are mutually exclusive")


@click.command("run")
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@several_boards_option(
    "See `boardless boards`; may be given more than once.", default=("mps2-an386",)
)
@click.option(
    "--elf",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Run this firmware, which boardless has not built, instead of one of MODEL's. It speaks "
    "boardless's protocol or MLPerf Tiny's on the board's first UART.",
)
@click.option(
    "--region",
    metavar="BEGIN:END",
    help="With --elf: count from one instruction to another, symbols or addresses that are reached "
    "once in each inference.",
)
@click.option(
    "--uint8",
    is_flag=True,
    help="With --elf: it takes pixels 0..255 for an int8 model, as MLPerf Tiny's vww01 does.",
)
@emulator_option
@runtime_option
@reference_option
@images_option
@limit_option("Only the first N pictures.")
@pixels_option
@labels_option
@link_option
@port_options
@click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    metavar="N",
    help="Devices at once. Default: one per processor.",
)
@click.option(
    "--keep-input",
    is_flag=True,
    help="Keep the input where it is until the inference ends. Usually the arena is smaller when "
    "later layers may overwrite it, but then the server needs a copy of every picture.",
)
@click.option(
    "--keep-state",
    is_flag=True,
    help="Let variables of a streaming model live from one picture to the next, in order, on one "
    "device. By default each picture finds their first values.",
)
@core_option
@part_option
@cycles_option
@budget_options
@metrics_option
@groups_option
@bad_line_option
@fold_option
@file_option("html", "Write the page that `boardless sim` leaves, of these runs, to FILE.")
@quiet_option
@json_option
def command(
    models: tuple[str, ...],
    board_names: tuple[str, ...],
    html: Path | None,
    json_file: str | None,
    **options: Any,
) -> None:
    """Build MODEL, run it on pictures, compare with the reference.

    MODEL is NAME, NAME:int8 or NAME:float32 of the zoo (see `boardless models`; NAME alone is
    int8), or the path of a .tflite file.

    The board is emulated, or with --port a real one. Every output is compared with what the
    --reference makes of the same picture: integers must be equal to the last bit, float32 within
    1e-5 and with the same top class. Where other references that are installed give other outputs,
    a line says for how many pictures. Exit status: 0 all well, 1 an output differs or a budget is
    exceeded, 2 bad usage or input, 3 a tool is missing or failed.
    """
    for name in ("baud", "flash"):
        if options[name] and not options["port"]:
            raise click.UsageError(f"--{name} is for --port")
    if options["port"] and options["emulator"] not in (None, "serial_port"):
        raise click.UsageError("--port and --emulator are mutually exclusive")
    options["other_references"] = True
    options["budgets"] = budgets(options)
    _check_foreign(models, board_names, options)
    requests = [path.Request(model=m, board=b, **options) for b in board_names for m in models]
    with progress_bar() as progress:
        outcomes = [path.follow(r, labelled(r, progress)) for r in requests]
    if json_file:
        data = [record.run(outcome) for outcome in outcomes]
        record.write(data[0] if len(requests) == 1 else data, json_file)
    if html:
        record.write_text(page.render(collect(outcomes, command_line())), html)
    if json_file != "-":
        runs.show(outcomes, only_wrong=quiet())
        if len(outcomes) > 1:
            table.note(runs.closing(runs.tally(map(runs.state, outcomes))))
    if not all(outcome.ok for outcome in outcomes):
        sys.exit(1)
