"""Runtimes, each a package found by its name: a model goes in, a Build comes out.

build = load("boardless").build(graph, board)
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from typing import Protocol, cast

from boardless.core.errors import BadInput, TooSmall
from boardless.device.records import Board, Build
from boardless.model.graph import Graph

OURS = "boardless"


class Runtime(Protocol):
    """The functions that a package here offers."""

    def build(
        self, graph: Graph, board: Board, *, fold: bool = True, keep_input: bool = False
    ) -> Build:
        """Returns a firmware that speaks the link's protocol, built where it is not there yet."""

    def build_together(
        self, graphs: Sequence[Graph], board: Board, *, fold: bool = True, keep_input: bool = False
    ) -> list[Build | TooSmall | None]:
        """Returns the firmwares of several models; TooSmall for one that does not fit, None for one
        that cannot be built, or of which `build` has to say why not."""


def names() -> list[str]:
    """Returns the names of all runtimes, sorted."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__))


def load(name: str = OURS) -> Runtime:
    """Returns the runtime of this name; BadInput lists the known ones."""
    if name not in names():
        raise BadInput(f"unknown runtime {name!r}", hint=f"known: {', '.join(names())}")
    return cast(Runtime, importlib.import_module(f"{__name__}.{name}"))
