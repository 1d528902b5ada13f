"""The commands of the command line, each with the first paragraph of its help."""

from __future__ import annotations

import inspect

from boardless import commands

from generated.writing import code, sentence, table


def markdown() -> str:
    return table(("command", "what"), [_row(name) for name in commands.names()])


def _row(name: str) -> list[str]:
    about = inspect.cleandoc(commands.load(name).help or "")
    return [code(f"boardless {name}"), sentence(about.split("\n\n")[0])]
