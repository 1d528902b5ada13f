"""Emulators: one module each, found by its name; none knows the link or the gate.

qemu = load(choose(boards.load("mps2-an386")))
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import pkgutil
from typing import cast

from boardless.core.errors import BadInput, ToolMissing
from boardless.device.emulators.base import Debugger, Emulator, Session
from boardless.device.records import Board


@functools.cache
def names() -> tuple[str, ...]:
    """Returns the names of all emulators, sorted. Every board that is read asks for them."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name != "base"))


def load(name: str) -> Emulator:
    """The emulator module of this name; BadInput lists the known ones."""
    if name not in names():
        raise BadInput(f"unknown emulator {name!r}", hint=f"known: {', '.join(names())}")
    return cast(Emulator, importlib.import_module(f"{__name__}.{name}"))


def hardware(emulator: Emulator) -> bool:
    """Returns whether what it starts is a real board."""
    return bool(getattr(emulator, "HARDWARE", False))


def choose(board: Board, wanted: str | None = None) -> str:
    """Returns the emulator that was asked for, else the board's first that is installed.
    ToolMissing says what is missing."""
    if wanted is not None:
        wanted = wanted.replace("-", "_")
        if wanted not in board.emulators:
            raise BadInput(
                f"board {board.name} does not run on {wanted}",
                hint=f"it runs on {', '.join(sorted(board.emulators))}",
            )
        load(wanted).version(board)
        return wanted
    problems = []
    for name in board.emulators:
        try:
            load(name).version(board)
            return name
        except ToolMissing as error:
            problems.append(error)
    raise problems[0] if problems else BadInput(f"board {board.name} names no emulator")


def counting(board: Board) -> str:
    """Returns what can run the firmware of a real board, too, and counts cycles if one can."""
    known = {k: v for k, v in board.emulators.items() if not hardware(load(k))}
    able = {k: v for k, v in known.items() if hasattr(load(k), "counter")}
    return choose(dataclasses.replace(board, emulators=able or known))


__all__ = ["Debugger", "Emulator", "Session", "choose", "counting", "hardware", "load", "names"]
