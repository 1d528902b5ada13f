"""`boardless count`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from boardless.core.printable import Printed
from boardless.cycles import estimate
from boardless.device import boards
from boardless.device.counting import bare
from boardless.device.emulators import qemu
from boardless.report import count as count_report
from boardless.report import record
from boardless.terminal import board_option, core_option, json_option, most_option, part_option, say


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
@click.option(
    "--semihosting-root",
    "root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Let the program use files below this folder, by semihosting. Links in it are not "
    "followed. Default: it can open none, and it can never run a command.",
)
@json_option
def command(
    elf: Path,
    board: str,
    functions: tuple[str, ...],
    regions: tuple[str, ...],
    cores: tuple[str, ...],
    parts: tuple[str, ...],
    most: int,
    seconds: float,
    root: Path | None,
    json_file: str | None,
) -> None:
    """Run any bare-metal ELF and count what it executes.

    It runs on an emulated board. What it prints by semihosting or on its first UART is passed
    through; it ends by a semihosting exit, whose status becomes the status of this command where
    all else went well.
    """
    target = boards.load(board)
    wanted = estimate.targets(cores or ([] if parts else [target.core]), parts)
    output = sys.stderr if json_file == "-" else sys.stdout
    printed = Printed()

    def pass_on(data: bytes) -> None:
        output.write(printed.text(data))
        output.flush()

    caches = estimate.caches(wanted, *target.memory.flash)
    result = bare.run(
        elf,
        target,
        regions=regions,
        caches=caches,
        seconds=seconds,
        output=pass_on,
        root=root,
    )
    output.write(printed.text(b"", final=True))
    for line in result.stderr:  # what the program has printed there
        say(line)
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
