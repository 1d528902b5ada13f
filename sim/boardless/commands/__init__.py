"""The commands of the command line, each in the file of its name: its `command` is what click runs.

A file put here is a command of `boardless`, listed in its help; nothing else names it.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
from pathlib import Path

import click


def names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def summary(name: str) -> str:
    """Returns the first sentence of a command's help. It is read from the source: to import all
    commands takes ten times as long as all else that `boardless --help` does."""
    tree = ast.parse(Path(__path__[0], f"{name}.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == "command":
            return (ast.get_docstring(node) or "").split("\n\n")[0].replace("\n", " ")
    return ""


def load(name: str) -> click.Command:
    """Imported only when it is wanted, so that each command starts fast."""
    command = importlib.import_module(f"{__name__}.{name}").command
    assert isinstance(command, click.Command), name
    return command
