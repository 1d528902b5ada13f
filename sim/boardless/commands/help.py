"""`boardless help`."""

from __future__ import annotations

from pathlib import Path

import click

from boardless import commands
from boardless.core.errors import BadInput

TOPICS = Path(__file__).parents[1] / "topics"


def topics() -> list[str]:
    """Returns the names of all topics; each is a file."""
    return sorted(path.stem for path in TOPICS.glob("*.txt"))


def title(topic: str) -> str:
    """Returns the first line of a topic."""
    return (TOPICS / f"{topic}.txt").read_text(encoding="utf-8").partition("\n")[0]


@click.command("help")
@click.argument("topic", required=False)
@click.pass_context
def command(ctx: click.Context, topic: str | None) -> None:
    """Explain a topic, such as pictures, or a command.

    Without TOPIC all topics are listed; `boardless --help` lists the commands.
    """
    if topic is None:
        width = max(map(len, topics()))
        for name in topics():
            click.echo(f"{name.ljust(width)}  {title(name)}")
    elif topic in topics():
        text = (TOPICS / f"{topic}.txt").read_text(encoding="utf-8")
        click.echo_via_pager(text)  # that of the terminal; elsewhere it is only written
    elif topic in commands.names():
        of = click.Context(commands.load(topic), info_name=topic, parent=ctx.parent)
        click.echo(of.get_help())
    else:
        known = ", ".join([*topics(), *commands.names()])
        raise BadInput(f"no such topic; known are {known}", where=topic)
