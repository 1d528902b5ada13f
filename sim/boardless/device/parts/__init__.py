"""The memories of a part: one TOML file for each part that has a table of prices in cycles/parts,
by the same name.

    load("stm32l4r5").ram_bytes    # 655360

They stand apart from the prices because no price depends on them: the digest of a table of prices
tells which cycles compare.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec

from boardless.core import checked

FOLDER = Path(__file__).parent


class PartMemory(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Bytes that a program of this part can have. RAM is the longest run of addresses that data can
    lie in."""

    flash_bytes: int
    ram_bytes: int
    source: str


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


@cache
def load(name: str) -> PartMemory | None:
    """Returns the memories of a part; None where no file states them, BadInput where it is
    damaged."""
    path = FOLDER / f"{name}.toml"
    return checked.file(path, PartMemory) if name in names() else None
