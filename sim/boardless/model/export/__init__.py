"""Models in the forms that other firmware takes, without anything of boardless's own.

written = write("cpp_class", zoo.find("pico_mobilenet:float32"), Path("out"))

One module per format in this folder, found by its name; adding one touches nothing else. A module
has `files(model) -> dict[str, bytes]`, contents by file name; the first line of its docstring says
what the format is.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType

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


def write(name: str, model: Model, folder: Path) -> list[Path]:
    """Write the model's files in the format `name` into `folder`, which is made; their paths."""
    made = _module(name).files(model)
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
