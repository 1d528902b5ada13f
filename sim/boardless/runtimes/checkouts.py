"""Checkouts of other runtimes' sources, which the user names by an environment variable.

found = checkouts.find("BOARDLESS_TINYMAIX", "TinyMaix", needed="include/tinymaix.h")
found.version(["include/tinymaix.h"])       # "TinyMaix 0532eceb9209, sources 1b6a45c7"
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from boardless.core.errors import ToolMissing
from boardless.runtimes import version_of

SHOWN = 12  # hex digits of a revision


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
                raise ToolMissing(
                    f"the checkout of {self.name} has no {name}", where=str(self.root)
                ) from None
        return found

    def version(self, names: Iterable[str]) -> str:
        """Returns its revision, and a digest of files: they may differ from the revision's."""
        digest = hashlib.sha256()
        for name, content in sorted(self.files(names).items()):
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
        revision = version_of.revision(self.root)[:SHOWN]
        named = f"{self.name} {revision}" if revision else self.name
        return f"{named}, sources {digest.hexdigest()[:8]}"


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
