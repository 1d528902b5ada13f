"""`boardless export`."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from boardless.data import pictures
from boardless.device import boards
from boardless.front import standalone
from boardless.front.standalone import folder, forms
from boardless.model import export, zoo
from boardless.report import record, table
from boardless.terminal import board_option, json_option, limit_option, output_option


@click.command("export")
@click.argument("model")
@click.option(
    "--format",
    "form",
    required=True,
    type=click.Choice((*export.names(), *forms.names())),
    metavar="FORMAT",
    help=" ".join(f"{name}: {export.about(name)}" for name in export.names())
    + f" {', '.join(forms.names())}: a library of that kind with boardless's kernels, as of "
    "`boardless compile --for`; arduino has a class and a sketch that classifies.",
)
@output_option
@board_option
@limit_option("The first N pictures, for formats of layer-by-layer firmware.", 1)
@json_option
def command(
    model: str, form: str, output: Path, board: str, limit: int, json_file: str | None
) -> None:
    """Write MODEL in a form that other firmware takes.

    The files need nothing of boardless. MODEL is a name of the zoo (`boardless models`) or the path
    of a .tflite file. A library has the kernels that --board runs best; nothing is measured for it.
    """
    found = zoo.find(model)
    if form in forms.names():
        folder.check(output)
        paths = folder.write(standalone.files(found, boards.load(board), form=form), output)
    else:
        few = _pictures(found, form, limit)
        paths = export.write(form, found, output, few)
    files = [{"file": str(path), "bytes": path.stat().st_size} for path in paths]
    if json_file:
        record.write({"model": found.name, "format": form, "files": files}, json_file)
    if json_file != "-":
        for each in files:
            table.line(f"{each['file']}: {each['bytes']:,} bytes")


def _pictures(model: zoo.Model, form: str, limit: int) -> NDArray[np.float32] | None:
    """Returns pictures for a format that takes some, as `boardless run` would; None for others."""
    if not export.takes_pictures(form) or model.graph.input_tensor.dtype != "float32":
        return None
    return pictures.load(model, None, limit).inputs
