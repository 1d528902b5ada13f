"""The records of a conversion to .tflite: what was asked for, and how good both files are.

found.agreement, found.next
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from boardless.data.meaning import USUAL
from boardless.data.records import Pictures
from boardless.model.reference.layers import Layer


@dataclass(frozen=True)
class Request:
    """A model to convert, and the pictures for it."""

    source: str  # as on the command line
    output: Path | None = None  # None: the source's name with .tflite, here
    dtype: str = "int8"
    calibration: Path | None = None  # pictures that set the ranges; None: those of `images`
    images: Path | None = None  # pictures to measure with; None: those of `calibration`
    labels: Path | None = None
    pixels: str | None = None
    limit: int | None = None
    python: str = sys.executable  # that has the converter
    log: Path | None = None  # for what the converter writes

    @property
    def measured(self) -> Path | None:
        """The pictures to measure with."""
        return self.images or self.calibration

    @property
    def ranges(self) -> Path | None:
        """The pictures that set the ranges."""
        return self.calibration or self.images


@dataclass(frozen=True)
class Seen:
    """A .tflite, and how it did on the pictures."""

    content: bytes
    top: npt.NDArray[np.int64] | None = None  # (N,) classes; None: no pictures, or no classes
    right: int | None = None  # None: no labels


@dataclass(frozen=True)
class Converted:
    """The result of a conversion."""

    request: Request
    converter: str  # the extra that brings it, such as keras
    versions: dict[str, str]  # of packages
    path: Path  # the file that was written
    float32: Seen
    int8: Seen | None = None
    fed: Pictures | None = None  # what was measured with
    calibrated: int = 0  # pictures that set the ranges
    layers: Sequence[Layer] = ()  # in order
    warnings: tuple[str, ...] = ()
    refused: str = ""  # why boardless cannot run the file

    @property
    def agreement(self) -> int | None:
        """The number of pictures for which both files find the same class."""
        if self.int8 is None or self.int8.top is None or self.float32.top is None:
            return None
        return int((self.int8.top == self.float32.top).sum())

    @property
    def next(self) -> str:
        """The command that is to be tried next, with the pictures where it takes them."""
        command = ["boardless", "run", str(self.path), "--board", "mps2-an386"]
        if self.refused:
            command = ["boardless", "check", str(self.path)]
        elif (fed := self.fed) and self._goes_on():
            command += ["--images", str(self.request.measured)]
            command += ["--labels", str(self.request.labels)] if self.request.labels else []
            command += ["--pixels", fed.pixels] if fed.pixels in USUAL else []
        return shlex.join(command)

    def _goes_on(self) -> bool:
        """Returns whether `boardless run` takes the pictures: it wants classes of a folder, and
        inputs in the model's own type."""
        if self.fed is None or self.request.measured is None:
            return False
        if self.fed.scaling is None:
            return self.int8 is None
        return self.fed.labels is not None or not self.request.measured.is_dir()
