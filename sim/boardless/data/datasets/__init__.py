"""Data sets by name, so that training, evaluation and the emulated runs see the same pictures.

    >>> from boardless.data import datasets
    >>> "digits" in datasets.names()
    True

One module per data set in this folder; adding one touches nothing else. A module has
`load() -> Dataset`, and `PACKAGED = True` where its pictures come with boardless, so that they are
the same everywhere. Where all pictures take long to read it also has `held_out(limit) -> Dataset`,
which reads only those that are asked for. Nothing but numpy is imported until a data set is.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass, replace
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from boardless.core.errors import BadInput, BoardlessError


class DataMissing(BoardlessError):
    """The pictures are neither on this machine nor to be downloaded (exit status 3)."""


@dataclass(frozen=True)
class Split:
    """Pictures and their classes, in a fixed order."""

    images: NDArray[np.uint8]  # (N, H, W, C), pixels as stored, not rescaled
    labels: NDArray[np.int64]  # (N,), index into Dataset.classes

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Dataset:
    """One data set, split three ways; `test` is for reporting alone, never for choosing."""

    name: str
    classes: tuple[str, ...]
    train: Split
    validation: Split
    test: Split
    origin: str  # which files and which split; figures of two origins are not comparable


def names() -> tuple[str, ...]:
    """Names of the known data sets, sorted."""
    modules = (m.name for m in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in modules if not name.startswith("_")))


def load(name: str) -> Dataset:
    """Return the data set called `name`: images uint8 (N, H, W, C), labels int64 (N,)."""
    dataset: Dataset = _module(name).load()
    return dataset


def held_out(name: str, limit: int | None = None) -> Dataset:
    """Returns the data set with the first `limit` pictures of its test part; the other parts may be
    empty."""
    module = _module(name)
    if hasattr(module, "held_out"):
        dataset: Dataset = module.held_out(limit)
        return dataset
    found = load(name)
    return replace(found, test=Split(found.test.images[:limit], found.test.labels[:limit]))


def packaged(name: str) -> bool:
    """Returns True if its pictures are installed with boardless."""
    return bool(getattr(_module(name), "PACKAGED", False))


def _module(name: str) -> ModuleType:
    if name not in names():
        raise BadInput(f"unknown data set '{name}'", hint=f"known are: {', '.join(names())}")
    return importlib.import_module(f"{__name__}.{name}")
