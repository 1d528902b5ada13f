"""Runtimes, each a package found by its name: a model goes in, a Build comes out.

build = load("boardless").build(graph, board)
build = load("bakenn:portable").build(graph, board, content=Path("my.tflite").read_bytes())

What stands behind the colon is the runtime's own: a back end, or the folder of a checkout. A folder
that BOARDLESS_RUNTIMES names may hold packages of the user's own. A package has

    PROFILE = "litert"       the reference whose bits the runtime gives
    def version(variant: str) -> str
    def sources(wanted: Wanted) -> Sources

and, where it has any, `variants(board) -> tuple[str, ...]`, those that `boardless compare` shows.
`EXACT = False` says that it rounds as no reference does: then its cycles are estimated, however far
off its outputs are.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import os
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypedDict, Unpack, cast

from boardless.core import paths
from boardless.core.errors import BadInput, BoardlessError, TooSmall
from boardless.device import build as building
from boardless.device.records import OURS, Board, Build, Sources
from boardless.model import profiles
from boardless.model.graph import Graph

__all__ = ["OURS", "Loaded", "Package", "Wanted", "load", "names"]
VARIABLE = "BOARDLESS_RUNTIMES"
RECORDED = "recorded.toml"  # figures of earlier runs, see recorded.py
_OWN = [*__path__]


class How(TypedDict, total=False):
    """The fields of Wanted that the user chooses."""

    fold: bool
    keep_input: bool


@dataclass(frozen=True)
class Wanted:
    """A model and a board that a runtime is to make sources for."""

    graph: Graph
    board: Board
    content: bytes = b""  # the model's file; only our own compiler does without
    variant: str = ""  # behind the colon of the runtime's name
    fold: bool = True  # of our own compiler: channels that carry no information are taken out
    keep_input: bool = False  # of our own compiler: the server then needs no copy of the picture


class Package(Protocol):
    """The contents of a package here."""

    PROFILE: str

    def version(self, variant: str) -> str:
        """Returns what names the runtime's code exactly, such as "bakenn 1.0.0"; ToolMissing with
        how to get it where it is not there, BadInput for an unknown variant."""

    def sources(self, wanted: Wanted) -> Sources:
        """Returns the C of a model; BadInput with the runtime's own reason where it refuses it."""


@dataclass(frozen=True)
class Loaded:
    """A runtime that is asked for."""

    name: str
    variant: str
    package: Package

    @property
    def full(self) -> str:
        return f"{self.name}:{self.variant}" if self.variant else self.name

    @property
    def profile(self) -> str:
        """Returns the reference whose bits it gives; "" where it gives those of any that it is
        asked for."""
        return self.package.PROFILE

    @property
    def reference(self) -> str:
        """Returns the reference that its outputs are compared with unless another is named."""
        return self.profile or profiles.DEFAULT

    @property
    def exact(self) -> bool:
        """Returns whether its outputs have to be those of the reference."""
        return bool(getattr(self.package, "EXACT", True))

    @property
    def version(self) -> str:
        return self.package.version(self.variant)

    @property
    def folder(self) -> Path:
        """Returns where its package lies."""
        return Path(cast(Any, self.package).__path__[0])

    @property
    def identity(self) -> str:
        """Returns what its sources depend on besides the model and boardless's own code."""
        folder = self.folder
        digest = hashlib.sha256()
        if not folder.is_relative_to(paths.PACKAGE):
            for path in sorted(folder.rglob("*")):
                if path.is_file() and path.suffix != ".pyc" and path.name != RECORDED:
                    digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
        return f"{self.full} {self.version} {digest.hexdigest()}"

    def variants(self, board: Board) -> tuple[str, ...]:
        """Returns the names, with a colon, of all that it can be on a board."""
        found = getattr(self.package, "variants", lambda _: ("",))(board)
        return tuple(f"{self.name}:{each}" if each else self.name for each in found)

    def sources(
        self, graph: Graph, board: Board, content: bytes = b"", **how: Unpack[How]
    ) -> Sources:
        """Returns the C of a model, whose file is `content`, for a board."""
        return self.package.sources(Wanted(graph, board, content, self.variant, **how))

    def build(self, graph: Graph, board: Board, content: bytes = b"", **how: Unpack[How]) -> Build:
        """Returns a firmware that speaks the link's protocol, built where it is not there yet."""
        return building.build(self.sources(graph, board, content, **how), board)

    def build_together(
        self, graphs: Sequence[tuple[Graph, bytes]], board: Board, **how: Unpack[How]
    ) -> list[Build | TooSmall | None]:
        """Returns the firmwares of several models, graphs and files, in less time than one after
        another; TooSmall for one that does not fit, None for one that cannot be built, or of which
        `build` has to say why not."""
        translated = {}
        for number, (graph, content) in enumerate(graphs):
            with contextlib.suppress(BoardlessError):
                translated[number] = self.sources(graph, board, content, **how)
        built = building.build_together([*translated.values()], board) if translated else []
        found = dict(zip(translated, built, strict=True))
        return [found.get(number) for number in range(len(graphs))]


def names() -> list[str]:
    """Returns the names of all runtimes, sorted; those of the user's own folders, too."""
    theirs = [folder for folder in os.environ.get(VARIABLE, "").split(os.pathsep) if folder]
    __path__[:] = [*_OWN, *theirs]
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if m.ispkg)


def load(name: str = OURS) -> Loaded:
    """Returns the runtime NAME or NAME:VARIANT; BadInput lists the known ones."""
    name, colon, variant = name.partition(":")
    if colon and not variant:  # it would be ours, and yet not what stands in baselines as ours
        raise BadInput(f"no variant stands behind the colon of {name + colon!r}")
    if name not in names():
        raise BadInput(f"unknown runtime {name!r}", hint=f"known: {', '.join(names())}")
    package = importlib.import_module(f"{__name__}.{name}")
    return Loaded(name, variant, cast(Package, package))
