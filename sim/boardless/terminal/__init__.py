"""The options that commands share; their messages and progress are in the files of this folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from boardless import runtimes
from boardless.core.surroundings import in_ci
from boardless.cycles import cores, parts
from boardless.data.meaning import AUTO, USUAL
from boardless.device import boards
from boardless.model import profiles
from boardless.path import Progress as Say
from boardless.path import Request, named
from boardless.report import record
from boardless.terminal.messages import QUIET, command_line, note, quiet, say
from boardless.terminal.progress import progress_bar

__all__ = [
    "board_option",
    "boards_option",
    "command_line",
    "core_option",
    "cycles_option",
    "emulator_option",
    "file_option",
    "fold_option",
    "fresh_option",
    "images_option",
    "json_option",
    "junit_option",
    "labelled",
    "labels_option",
    "limit_option",
    "link_option",
    "most_option",
    "note",
    "output_option",
    "part_option",
    "pixels_option",
    "port_options",
    "progress_bar",
    "quiet",
    "quiet_option",
    "ratchet_option",
    "reference_option",
    "runtime_option",
    "say",
    "several_boards_option",
]

F = TypeVar("F", bound=Callable[..., Any])


def _checked(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """Returns the FILE to write; BadInput at once where it cannot be written."""
    if value is not None:
        record.check_target(str(value))
    return value


json_option = click.option(
    "--json",
    "json_file",
    metavar="FILE",
    callback=_checked,
    help="Write the result as JSON to FILE (- for stdout).",
)
junit_option = click.option(
    "--junit",
    "junit_file",
    metavar="FILE",
    callback=_checked,
    help="Write the verdicts as JUnit XML to FILE.",
)
quiet_option = click.option(
    "-q",
    "--quiet",
    is_flag=True,
    expose_value=False,
    callback=lambda ctx, param, value: ctx.meta.update({QUIET: value}),
    help="Show no progress, and of results only what is wrong.",
)


def completed(names: Callable[[], list[str]]) -> Callable[..., list[str]]:
    """Returns what a shell completes the value of an option with: names that begin like it."""
    return lambda ctx, param, incomplete: [n for n in names() if n.startswith(incomplete)]


board_option = click.option(
    "--board",
    "board",
    default="mps2-an386",
    show_default=True,
    shell_complete=completed(boards.names),
    help="See `boardless boards`.",
)


def several_boards_option(text: str, default: tuple[str, ...] = ()) -> Callable[[F], F]:
    """Returns the option --board that may be given more than once, with its help text."""
    return click.option(
        "--board",
        "board_names",
        multiple=True,
        default=default,
        show_default=bool(default),
        shell_complete=completed(boards.names),
        metavar="B",
        help=text,
    )


emulator_option = click.option("--emulator", help="Default: the board's first that is installed.")


def _reference(ctx: click.Context, param: click.Parameter, value: str | None) -> str:
    """Returns the reference that is asked for, or the one whose bits the runtime gives."""
    return value or runtimes.load(ctx.params.get("runtime", runtimes.OURS)).reference


reference_option = click.option(
    "--reference",
    callback=_reference,
    show_default="litert, or the runtime's own",
    type=click.Choice(profiles.names()),
    help="Whose bits the board has to give: LiteRT's reference kernels (litert), TensorFlow Lite "
    "Micro's and CMSIS-NN's (tflm), or LiteRT as phones run it (xnnpack). It says how the compiler "
    "and the kernels round, and which interpreter the outputs are compared with.",
)
runtime_option = click.option(
    "--runtime",
    default=runtimes.OURS,
    show_default=True,
    is_eager=True,  # the default of --reference depends on it
    metavar="NAME[:VARIANT]",
    help="What makes the firmware of the model: boardless's own compiler, or another runtime such "
    "as bakenn, bakenn:cmsis_nn or tflm. `boardless compare` shows all of them.",
)
core_option = click.option(
    "--core",
    "cores",
    multiple=True,
    metavar="C",
    shell_complete=completed(cores.names),
    help="Estimate cycles of this core with memory that never waits, such as cortex-m4; may be "
    "given more than once. Default: the board's own.",
)
part_option = click.option(
    "--part",
    "parts",
    multiple=True,
    metavar="P",
    shell_complete=completed(parts.names),
    help="Estimate cycles and time of this part, with its clock, flash and caches, such as "
    "stm32l4r5; may be given more than once.",
)
cycles_option = click.option(
    "--cycles/--no-cycles",
    default=True,
    show_default=True,
    help="Count every instruction for estimates of cycles; without them it runs faster.",
)
fold_option = click.option(
    "--fold/--no-fold",
    default=True,
    show_default=True,
    help="Leave out filters and channels that carry no information, such as filters of zeros. It "
    "saves time and memory and changes no result; --no-fold runs the model as it was made.",
)
link_option = click.option(
    "--link",
    type=click.Choice(["uart", "memory"]),
    help="How pictures get to the device: over the emulated UART, or through memory that it shares "
    "with the host, which is faster. Predictions and counts are the same. Default: memory where "
    "the board can.",
)
images_option = click.option(
    "--images",
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH",
    help="A .npz with `images` (N,H,W,C) uint8 or `inputs` (N,...) in the model's type, and "
    "`labels`; or a folder of class folders. Default: the zoo model's test pictures.",
)
boards_option = click.option(
    "--boards",
    "which",
    default="default",
    show_default=True,
    help="default, all (of what is installed), or names separated by commas.",
)
pixels_option = click.option(
    "--pixels",
    type=click.Choice([AUTO, *USUAL]),
    help="What pixels 0..255 mean to MODEL; auto: read off a quantised input's range, or off the "
    "first operators of a float32 model, such as a Rescaling, else 0..1. Default: as it was "
    "trained, for models of the zoo; auto for a file of your own.",
)
labels_option = click.option(
    "--labels",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="The names of MODEL's classes, one a line, class 0 first, for the folders that --images "
    "names. Default: folders in alphabetical order are 0, 1, ...",
)
fresh_option = click.option(
    "--fresh",
    is_flag=True,
    help="Measure all cases again, as with CI=true. Otherwise a case is measured again only if its "
    "model, its inputs, the sources, the compiler or the emulator have changed.",
)
ratchet_option = click.option(
    "--ratchet/--no-ratchet",
    default=in_ci,
    help="Whether what is better than accepted fails, too, until it is accepted (otherwise it may "
    "be lost again unnoticed), and what was accepted and cannot be judged on this machine. "
    "Default: where CI=true is set.",
)
output_option = click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Output directory; created if missing.",
)
most_option = click.option(
    "--most",
    type=click.IntRange(0),
    default=12,
    show_default=True,
    metavar="N",
    help="Show this many functions.",
)


def port_options(command: F) -> F:
    """Adds the options of a real board, named after fields of path.Request."""
    port = click.option(
        "--port",
        metavar="DEVICE",
        help="A real board on this serial port, such as /dev/ttyACM0, instead of an emulator. It "
        "must run the firmware of this very build; a line says what to flash where it does not.",
    )
    baud = click.option(
        "--baud",
        type=click.IntRange(1),
        metavar="N",
        help="Of the serial port. Default: what board.toml says, else 115200.",
    )
    clock = click.option(
        "--clock",
        type=click.IntRange(1_000),
        metavar="HZ",
        help="Of the core: of parts that are estimated, instead of their usual one, and of a real "
        "board that has no timer to tell it, or whose inferences are longer than its 32-bit "
        "cycle counter. Default: as the board measures it.",
    )
    flash = click.option(
        "--flash",
        is_flag=True,
        help="First put the firmware onto the real board, with the command that [emulator."
        "serial_port] of its board.toml names.",
    )
    return port(baud(flash(clock(command))))


def limit_option(what: str, default: int | None = None) -> Callable[[F], F]:
    """Returns the option --limit with its help text."""
    return click.option(
        "--limit",
        type=click.IntRange(1),
        default=default,
        show_default=default is not None,
        metavar="N",
        help=what,
    )


def labelled(request: Request, progress: Say) -> Say:
    """Returns a progress callback that names the model and the board."""
    return named(progress, request.names)


def file_option(name: str, what: str, *short: str) -> Callable[[F], F]:
    """Returns the option --name FILE, a file to write."""
    path = click.Path(path_type=Path)
    words = (*short, f"--{name}")
    return click.option(*words, type=path, metavar="FILE", callback=_checked, help=what)
