"""Checkouts of other runtimes' sources, which the user names by an environment variable.

found = checkouts.find("BOARDLESS_TINYMAIX", "TinyMaix", needed="include/tinymaix.h")
found.version(["include/tinymaix.h"])       # "TinyMaix 0532eceb9209, sources 1b6a45c7"
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from boardless.core.errors import ToolMissing
from boardless.runtimes import version_of


@dataclass(frozen=True)
class Checkout:
    """A folder with the sources of `name`."""

    name: str
    root: Path

    def files(self, names: Iterable[str]) -> dict[str, bytes]:
        """Returns the content of files by their paths in the checkout; ToolMissing where one is
        not there."""
        found = {}
        for name in names:
            try:
                found[name] = (self.root / name).read_bytes()
            except OSError:
                raise self._without(name) from None
        return found

    def version(self, names: Iterable[str]) -> str:
        """Returns its revision, and a digest of files: they may differ from the revision's."""
        ordered = sorted(names)
        for name in ordered:
            if not os.access(self.root / name, os.R_OK):
                raise self._without(name)
        return version_of.described(self.name, self.root, [self.root / name for name in ordered])

    def _without(self, name: str) -> ToolMissing:
        return ToolMissing(f"the checkout of {self.name} has no {name}", where=str(self.root))


def is_named(variable: str) -> bool:
    """Returns whether the user names a checkout."""
    return bool(os.environ.get(variable))


def find(variable: str, name: str, needed: str) -> Checkout:
    """Returns the checkout that an environment variable names; ToolMissing where there is none, or
    where it does not have the file that is `needed`."""
    named = os.environ.get(variable, "")
    if not named:
        raise ToolMissing(f"a checkout of {name} is needed", hint=f"set {variable} to its folder")
    root = Path(named).absolute()
    if not (root / needed).is_file():
        raise ToolMissing(
            f"this is no checkout of {name}: {needed} is not there", where=f"{variable}={named}"
        )
    return Checkout(name, root)
