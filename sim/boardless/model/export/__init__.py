"""Models in the forms that other firmware takes, without anything of boardless's own.

written = write("cpp_class", zoo.find("pico_mobilenet:float32"), Path("out"))

One module per format in this folder, found by its name; adding one touches nothing else. A module
has `files(model) -> dict[str, bytes]`, contents by file name, and where the firmware reads its
pictures from files, too, `pictures(inputs) -> dict[str, bytes]`; the first line of its docstring
says what the format is.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from boardless.core import files
from boardless.core.errors import BadInput
from boardless.model.zoo import Model


def names() -> tuple[str, ...]:
    """Names of the known formats, sorted."""
    found = (m.name for m in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in found if not name.startswith("_")))


def about(name: str) -> str:
    """One line on what the format is."""
    return (_module(name).__doc__ or "").strip().splitlines()[0]


def takes_pictures(name: str) -> bool:
    """Returns True for a format whose firmware reads pictures from files."""
    return hasattr(_module(name), "pictures")


def write(
    name: str, model: Model, folder: Path, inputs: NDArray[np.float32] | None = None
) -> list[Path]:
    """Write the model's files in the format `name` into `folder`, which is made; their paths.
    `inputs` (N, H, W, C) are pictures for a format that takes some."""
    made = _module(name).files(model)
    if inputs is not None:
        made |= _module(name).pictures(inputs)
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in made.items():
            files.write(folder / file, content)
            written.append(folder / file)
    except OSError as error:
        raise BadInput(error.strerror or str(error), where=str(error.filename or folder)) from error
    return written


def _module(name: str) -> ModuleType:
    if name not in names():
        raise BadInput(f"unknown format {name!r}", hint=f"known are: {', '.join(names())}")
    return importlib.import_module(f"{__name__}.{name}")
