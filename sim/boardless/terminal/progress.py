"""Progress of what takes time, on stderr.

with progress_bar(total=2) as progress:
    progress("digits_cnn:int8 mps2-an386 building", 0, 0)
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
)

from boardless.core.printable import one_line
from boardless.path import Progress as Say
from boardless.report import table
from boardless.terminal.messages import quiet, say


@contextmanager
def progress_bar(total: int = 0) -> Iterator[Say]:
    """Shows progress on stderr: on a terminal a bar for each thing under way, which goes when it is
    done, and one line at the end; elsewhere a line for each thing that begins. `total` is how many
    things there are, where that is known. --quiet shows nothing."""
    console = table.console(stderr=True)
    if quiet():
        yield lambda what, done, total: None
    elif console.is_terminal:
        with _bars(console, total) as progress:
            yield progress
    else:
        yield _lines()


def _lines() -> Say:
    begun: set[str] = set()

    def progress(what: str, done: int, total: int) -> None:
        if (name := _name(what)) not in begun:
            begun.add(name)
            say(what)

    return progress


@contextmanager
def _bars(console: Console, total: int) -> Iterator[Say]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
    )
    tasks: dict[str, TaskID] = {}
    began = time.monotonic()
    with Progress(*columns, console=console, transient=True) as bars:
        every = bars.add_task("all", total=total or None, visible=total > 1)
        most = total or sys.maxsize

        def progress(what: str, done: int, total: int) -> None:
            if (name := _name(what)) not in tasks:
                tasks[name] = bars.add_task(one_line(what), total=None)
                bars.update(every, completed=min(len(tasks), most))
            bars.update(
                tasks[name],
                description=one_line(what),
                completed=done,
                total=total or None,
                visible=not (total and done >= total),
            )

        yield progress
    if tasks:
        count = total or len(tasks)
        what = next(iter(tasks)) if count == 1 and len(tasks) == 1 else cases(count)
        say(f"{what}: {time.monotonic() - began:.1f} s")


def cases(count: int) -> str:
    """Returns a number of cases in words."""
    return f"{count} case" if count == 1 else f"{count} cases"


def _name(what: str) -> str:
    """Returns the thing that a progress text is about: all but the step, its last word."""
    return what.rsplit(" ", 1)[0]
