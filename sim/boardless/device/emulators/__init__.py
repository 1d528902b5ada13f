"""Emulators: one module each, found by its name; none knows the link or the gate.

qemu = load("qemu")
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import cast

from boardless.core.errors import BadInput
from boardless.device.emulators.base import Emulator, Session


def names() -> list[str]:
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name != "base")


def load(name: str) -> Emulator:
    """The emulator module of this name; BadInput lists the known ones."""
    if name not in names():
        raise BadInput(f"unknown emulator {name!r}", hint=f"known: {', '.join(names())}")
    return cast(Emulator, importlib.import_module(f"{__name__}.{name}"))


__all__ = ["Emulator", "Session", "load", "names"]
