"""`boardless export`."""

from __future__ import annotations

from pathlib import Path

import click

from boardless.model import export, zoo
from boardless.report import record, table
from boardless.terminal import json_option, output_option


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
@json_option
def command(model: str, form: str, output: Path, json_file: str | None) -> None:
    """Write MODEL in a form that other firmware takes.

    The files need nothing of boardless. MODEL is a name of the zoo (`boardless models`) or the path
    of a .tflite file.
    """
    found = zoo.find(model)
    files = [
        {"file": str(path), "bytes": path.stat().st_size}
        for path in export.write(form, found, output)
    ]
    if json_file:
        record.write({"model": found.name, "format": form, "files": files}, json_file)
    if json_file != "-":
        for each in files:
            table.line(f"{each['file']}: {each['bytes']:,} bytes")
