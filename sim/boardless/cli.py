"""boardless: the command line. Exit status: 0 all well, 1 a verdict failed, 2 bad usage or input,
3 a tool or emulator is missing or failed, 130 interrupted."""

from __future__ import annotations

import atexit
import gc
import io
import os
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from boardless import __version__, commands
from boardless.core import children, interrupts
from boardless.core.errors import BadInput, BoardlessError
from boardless.core.printable import one_line, printable


class Commands(click.Group):
    """Finds its commands in the package `commands`."""

    begin: Callable[[], None] | None = None  # called when a command is about to do something

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        found = super().resolve_command(ctx, args)  # imports its module
        if not gc.isenabled():  # see main
            gc.freeze()  # what has been imported is looked at no more
            gc.enable()
        if self.begin:
            self.begin()
        return found

    def list_commands(self, ctx: click.Context) -> list[str]:
        return commands.names()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return commands.load(cmd_name) if cmd_name in commands.names() else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, commands.summary(name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="boardless")
def cli() -> None:
    """Tells, without a board, whether a TinyML classifier still predicts the same on a
    microcontroller, still fits, and is still as fast.

    MODEL is NAME, NAME:int8 or NAME:float32 of the zoo (see `boardless models`; NAME alone is
    int8), or the path of a .tflite file.
    """


def run(arguments: list[str]) -> int:
    """Runs one command and returns its exit status; every failure becomes one line on stderr."""
    try:
        status = _status(arguments)
        sys.stdout.flush()
        return status
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(file=shown)
        click.echo(printable(shown.getvalue()), nl=False, err=True)
        return error.exit_code
    except BoardlessError as error:
        click.echo(f"boardless: {one_line(str(error))}", err=True)
        return error.exit_status
    except (KeyboardInterrupt, click.Abort):
        interrupts.heard()
        click.echo(interrupts.SAID, err=True)
        return interrupts.STATUS
    except OSError as error:
        if os.environ.get("BOARDLESS_TRACEBACK"):
            traceback.print_exc()
        where = error.filename or "standard output, or the disk"
        click.echo(one_line(f"boardless: {where}: {error.strerror or error}"), err=True)
        _say_no_more()
        return 2
    except RecursionError:  # of a reader in a library: `[[[[[` in a file
        if os.environ.get("BOARDLESS_TRACEBACK"):
            traceback.print_exc()
        click.echo("boardless: an input is nested too deeply; look for rows of [ or {", err=True)
        return 2
    except Exception as error:  # a bug: still one line, with the way to see where
        if os.environ.get("BOARDLESS_TRACEBACK"):
            traceback.print_exc()
        text = f"bug: {type(error).__name__}: {error}; please report it with what "
        click.echo(one_line(f"boardless: {text} BOARDLESS_TRACEBACK=1 shows"), err=True)
        return 3


def _status(arguments: list[str]) -> int:
    """Runs one command and returns the exit status that it asks for."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "0")
    if not (epoch.isascii() and epoch.isdigit() and len(epoch) < 16):  # numpy takes it for one
        raise BadInput("no number of seconds", where="SOURCE_DATE_EPOCH", hint="unset it")
    try:
        cli(arguments, prog_name="boardless", standalone_mode=False, obj=arguments)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    return 0


def _say_no_more() -> None:
    """Redirects stdout to /dev/null, so that the flush at exit does not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Said(io.FileIO):
    """A standard stream on which some errors change nothing: the command goes on, and ends with the
    status of its verdict."""

    def __init__(self, number: int, errors: type[OSError]) -> None:
        super().__init__(number, "wb", closefd=False)
        self.errors = errors

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except self.errors:
            return memoryview(data).nbytes


def _open_streams() -> None:
    """Standard streams are there and take any character, whatever started us. Whoever reads them
    may go, as in `boardless models | head -1`; a disk may be full behind standard error."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:  # closed, as by `>&-`
            try:
                os.fstat(number)
            except OSError:
                os.open(os.devnull, os.O_RDWR)  # takes this number, so that no other file does
            setattr(sys, name, Path(os.devnull).open("r+"))  # noqa: SIM115 (ours to the end)
    for number, name, errors in ((1, "stdout", BrokenPipeError), (2, "stderr", OSError)):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper) and stream.fileno() == number:
            opened = io.TextIOWrapper(
                io.BufferedWriter(_Said(number, errors)),
                stream.encoding,
                "backslashreplace",
                line_buffering=stream.line_buffering or stream.write_through,
            )
            setattr(sys, name, opened)


def main() -> None:
    # Nothing that is imported is garbage, and the end of the process frees what is left. To look
    # for garbage there takes a fifth of the time of a command that has little to do.
    gc.disable()
    _open_streams()
    cli.begin = partial(interrupts.end_by, children.interrupt)
    status = run(sys.argv[1:])
    if status == interrupts.STATUS:
        # Python itself would end by a signal if the interrupt came in the midst of an exec(), as
        # of a dataclass.
        atexit._run_exitfuncs()
        os._exit(status)
    gc.freeze()
    sys.exit(status)
