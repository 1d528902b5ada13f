"""Tables of cores and parts: one TOML file each, found by its name."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from boardless.core import checked
from boardless.core.errors import BadInput

T = TypeVar("T", bound=msgspec.Struct)


def names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.toml"))


def find(folder: Path, name: str) -> Path:
    """The table of that name; BadInput lists those there are. A folder is named after what it
    holds, such as cores."""
    if name not in names(folder):
        what = folder.name.removesuffix("s")
        raise BadInput(f"unknown {what} {name!r}", hint=f"known: {', '.join(names(folder))}")
    return folder / f"{name}.toml"


def read(path: Path, kind: type[T]) -> T:
    """With its `name`; BadInput where a field is wrong or unknown."""
    try:
        table = checked.toml(path.read_bytes(), kind)
    except (msgspec.DecodeError, ValueError) as error:
        hint = f"see cycles/{kind.__module__.rpartition('.')[2]}.py"
        raise BadInput(str(error), where=str(path), hint=hint) from error
    return msgspec.structs.replace(table, name=path.stem)
