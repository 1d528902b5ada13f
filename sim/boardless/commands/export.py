"""`boardless export`."""

from __future__ import annotations

from pathlib import Path

import click

from boardless.model import export, zoo
from boardless.terminal import output_option


@click.command("export")
@click.argument("model")
@click.option(
    "--format",
    "form",
    required=True,
    type=click.Choice(export.names()),
    help=" ".join(f"{name}: {export.about(name)}" for name in export.names()),
)
@output_option
def command(model: str, form: str, output: Path) -> None:
    """Write MODEL in a form that other firmware takes, without anything of boardless's own.

    MODEL is a name of the zoo (`boardless models`) or the path of a .tflite file.
    """
    for path in export.write(form, zoo.find(model), output):
        click.echo(f"{path}: {path.stat().st_size:,} bytes")
