"""The folder in the form of an ecosystem, one module each, found by its name.

more = load("arduino").files(values, files)

A module has `files(values, found)`: what its ecosystem needs next to `found`, the files that every
folder has, by path. `values` is what templates print. The first line of its docstring says what the
form is. A name with _ is written with - on the command line.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any, Protocol, cast

from boardless.core.errors import BadInput

PLAIN = "plain"  # for any build: CMake and Make
NUMBER = "0.1.0"  # of a folder, where an ecosystem wants a version


class Form(Protocol):
    """The functions that a module here offers."""

    def files(self, values: Mapping[str, Any], found: Mapping[str, bytes]) -> dict[str, bytes]:
        """Returns the contents of more files, by path."""


def names() -> tuple[str, ...]:
    """Returns the names of the forms but the plain one, sorted."""
    found = (m.name.replace("_", "-") for m in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in found if name != PLAIN))


def load(name: str) -> Form:
    """Returns the form of this name; BadInput lists the known ones."""
    if name not in (PLAIN, *names()):
        raise BadInput(f"unknown form {name!r}", hint=f"known: {', '.join(names())}")
    return cast(Form, importlib.import_module(f"{__name__}.{name.replace('-', '_')}"))
