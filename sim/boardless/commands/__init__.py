"""The commands of the command line, each in the file of its name: its `command` is what click runs.

A file put here is a command of `boardless`, listed in its help; nothing else names it.
"""

from __future__ import annotations

import importlib
import pkgutil

import click


def names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> click.Command:
    """Imported only when it is wanted, so that each command starts fast."""
    command = importlib.import_module(f"{__name__}.{name}").command
    assert isinstance(command, click.Command), name
    return command
