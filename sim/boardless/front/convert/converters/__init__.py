"""Converters to .tflite; each is the file of its name, and the extra of boardless's package that
brings what it needs has that name, too.

A converter runs in a process of its own, with nothing of boardless but this folder, perhaps by
another Python. So its file imports only the standard library and this module at its top, and its
packages where they are used. It has

    PACKAGES            what its extra brings, as they are imported
    SUFFIXES            of the files that it takes
    takes(path)         optional: whether it takes a path by other signs
    check(path)         optional: raises Refused for a file that must not be loaded
    Model(source)       loads the model; .float32() and .int8(inputs) are .tflite files as bytes,
                        and its optional .pixels is what pixels are to it, such as "0..255"

where `inputs` (N, ...) are float32 and in the layout of .float32()'s input.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class Refused(Exception):
    """The model cannot be converted: `what` is why, and `hint` what to do next."""

    def __init__(self, what: str, hint: str = "") -> None:
        self.what, self.hint = what, hint
        super().__init__(what)


@dataclass(frozen=True)
class Source:
    """A model to convert, and a folder for temporary files."""

    path: Path
    function: str  # of a .py file
    folder: Path


def fixed(name: str, shape: Sequence[object]) -> tuple[int, ...]:
    """Returns the shape of an input with a batch of 1; Refused where another size is not known."""
    sizes = [size if isinstance(size, int) and size > 0 else 0 for size in shape[1:]]
    if not all(sizes):
        known = " x ".join(str(size) if size else "?" for size in ["N", *sizes])
        raise Refused(
            f"the size of input {name!r} is not fixed: {known}",
            "a microcontroller needs all sizes: export the model for one size of pictures",
        )
    if isinstance(shape[0], int) and shape[0] > 1:
        raise Refused(
            f"input {name!r} takes {shape[0]} pictures at once", "export it for a batch of 1"
        )
    return (1, *sizes)


def single(names: Sequence[str]) -> str:
    """Returns the name of the only input; Refused where there are others."""
    if len(names) != 1:
        raise Refused(
            f"the model has {len(names)} inputs", "convert it by its own framework's converter"
        )
    return names[0]
