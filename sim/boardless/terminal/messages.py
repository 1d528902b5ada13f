"""Messages for people, on stderr."""

from __future__ import annotations

import shlex

import click

from boardless.core.printable import one_line
from boardless.report import table

QUIET = "boardless.quiet"  # in click's context


def say(text: str) -> None:
    """Writes a message for people, as one line on stderr."""
    table.line(one_line(text), stderr=True)


def command_line() -> str:
    """Returns the command that runs, as it was typed."""
    context = click.get_current_context().find_root()
    return shlex.join(["boardless", *(context.obj or [])])


def note(text: str) -> None:
    """Writes a message that --quiet leaves out."""
    if not quiet():
        say(text)


def quiet() -> bool:
    """Returns whether --quiet was given."""
    context = click.get_current_context(silent=True)
    return bool(context and context.meta.get(QUIET))
