"""What commands share towards a person: options, progress on stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from boardless.data.pictures import USUAL
from boardless.path import evaluate
from boardless.report import record, table

F = TypeVar("F", bound=Callable[..., Any])


def _checked(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """A FILE to write, refused at once where that will not do."""
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
board_option = click.option(
    "--board", "board", default="mps2-an386", show_default=True, help="See `boardless boards`."
)
emulator_option = click.option("--emulator", help="Default: the board's first that is installed.")
core_option = click.option(
    "--core",
    "cores",
    multiple=True,
    metavar="C",
    help="Estimate cycles of this core with memory that never waits, such as cortex-m4; may be "
    "given more than once. Default: the board's own.",
)
part_option = click.option(
    "--part",
    "parts",
    multiple=True,
    metavar="P",
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
    help="How pictures get to the device: over the emulated line, or through memory that it shares "
    "with us, which is faster. Predictions and counts are the same. Default: memory where the "
    "board can.",
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
    type=click.Choice(list(USUAL)),
    help="What pixels 0..255 mean to MODEL. Default: as it was trained, for models of the zoo; for "
    "a file of your own read off an int8 input's range, else 0..1.",
)
output_option = click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Made where it does not exist.",
)
most_option = click.option(
    "--most",
    type=click.IntRange(0),
    default=12,
    show_default=True,
    metavar="N",
    help="Show this many functions.",
)


def limit_option(what: str, default: int | None = None) -> Callable[[F], F]:
    """--limit; `what` it is good for."""
    return click.option(
        "--limit",
        type=click.IntRange(1),
        default=default,
        show_default=default is not None,
        metavar="N",
        help=what,
    )


def labelled(request: evaluate.Request, progress: evaluate.Progress) -> evaluate.Progress:
    """Progress that names the model and the board."""
    return evaluate.named(progress, f"{request.model} {request.board}", request.cancel)


def file_option(name: str, what: str, *short: str) -> Callable[[F], F]:
    """--name FILE, which is written."""
    path = click.Path(path_type=Path)
    words = (*short, f"--{name}")
    return click.option(*words, type=path, metavar="FILE", callback=_checked, help=what)


@contextmanager
def progress_bar() -> Iterator[evaluate.Progress]:
    """A bar per thing under way, on stderr; plain lines where stderr is no terminal."""
    console = table.console(stderr=True)
    if not console.is_terminal:
        said: set[str] = set()

        def line(what: str, done: int, total: int) -> None:
            if what not in said:
                said.add(what)
                click.echo(what, err=True)

        yield line
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, Any] = {}

        def bar(what: str, done: int, total: int) -> None:
            name = what.rsplit(" ", 1)[0]
            if name not in tasks:
                tasks[name] = bars.add_task(what, total=None)
            finished = bool(total) and done >= total
            bars.update(
                tasks[name],
                description=what,
                completed=done,
                total=total or None,
                visible=not finished,
            )

        yield bar
