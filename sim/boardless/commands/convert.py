"""`boardless convert`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from boardless.front import convert
from boardless.judge.conversions import Request
from boardless.report import convert as report
from boardless.report import record
from boardless.terminal import (
    file_option,
    json_option,
    labels_option,
    limit_option,
    pixels_option,
    progress_bar,
    quiet,
    quiet_option,
)


@click.command("convert")
@click.argument("source", metavar="SOURCE")
@click.option(
    "--dtype",
    type=click.Choice(convert.TYPES),
    default="int8",
    show_default=True,
    help="Of the .tflite: int8 by full-integer quantisation, or float32.",
)
@click.option(
    "--calibrate",
    "calibration",
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH",
    help="Pictures that set the ranges of int8, at most 256 of them: a folder of pictures or of "
    "class folders, or a .npz as for --images. Default: those of --images.",
)
@click.option(
    "--images",
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH",
    help="Pictures to measure with: a folder of class folders, or a .npz with `images` (N,H,W,C) "
    "uint8 or `inputs` (N,...) float32, and `labels`. Default: those of --calibrate.",
)
@limit_option("Only the first N pictures of each.")
@pixels_option
@labels_option
@file_option("output", "The file to write. Default: SOURCE's name with .tflite, here.", "-o")
@click.option(
    "--python",
    default=sys.executable,
    metavar="FILE",
    help="The Python that has the converter, where that is not boardless's own.",
)
@file_option("log", "Write all that the converter says to FILE.")
@quiet_option
@json_option
def command(source: str, json_file: str | None, **options: Any) -> None:
    """Make a .tflite from Keras, PyTorch or ONNX; say what int8 loses.

    SOURCE is a .keras or .h5 file or the folder of a SavedModel, by TensorFlow's converter; a .pt2
    that torch.export.save has written, or FILE.py:FUNCTION that returns a module and an example of
    its input, by LiteRT's converter for PyTorch; or a .onnx, by onnx2tf. The extras keras, torch
    and onnx bring them: pip install 'boardless[keras]'. Code that a model file holds is not run; a
    FILE.py is.

    Shown are the accuracy of float32 and int8, for how many pictures both find the same class, and
    which layers lose most. Exit status: 0 the file is written, 2 bad usage or input, 3 the
    converter is missing or fails.
    """
    with progress_bar() as progress:
        found = convert.convert(Request(source, **options), progress)
    if json_file:
        record.write(report.record(found), json_file)
    if json_file != "-" and not quiet():
        report.show(found)
