"""Tables of cores and parts: one TOML file each, found by its name."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from boardless.core import checked
from boardless.core.errors import BadInput

T = TypeVar("T", bound=msgspec.Struct)
OWN = ("description", "status")


def names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.toml"))


def find(folder: Path, name: str) -> Path:
    """The table of that name; BadInput lists those there are. A folder is named after what it
    holds, such as cores."""
    if name not in names(folder):
        what = folder.name.removesuffix("s")
        raise BadInput(f"unknown {what} {name!r}", hint=f"known: {', '.join(names(folder))}")
    return folder / f"{name}.toml"


def resolved(path: Path) -> dict[str, Any]:
    """Returns the table in `path` with what it `extends`, a table in the same folder, filled in.

    Rules (lists) of the extended table come first and those of `path` after them, so that its own
    count where both fit; every other key of `path` replaces the extended one's. What a core is
    called and how well it is known (OWN) is never inherited. BadInput where the extended table is
    unknown or extends itself, OSError and ValueError where a file cannot be read.
    """
    table = tomllib.loads(path.read_text(encoding="utf8"))
    seen = [path.stem]
    while (parent := table.pop("extends", None)) is not None:
        if parent in seen:
            raise BadInput(f"{' extends '.join([*seen, parent])}", where=str(path))
        seen.append(str(parent))
        base = tomllib.loads(find(path.parent, str(parent)).read_text(encoding="utf8"))
        base = {k: v for k, v in base.items() if k not in OWN}
        joined = {k: [*base[k], *v] for k, v in table.items() if _is_rules(v) and k in base}
        table = base | table | joined
    return table


def _is_rules(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(rule, dict) for rule in value)


def read(path: Path, kind: type[T]) -> T:
    """Returns the table in `path` with its `name`; BadInput where a field is wrong or unknown."""
    hint = f"see cycles/{kind.__module__.rpartition('.')[2]}.py"
    try:
        table = checked.convert(resolved(path), kind)
    except (msgspec.ValidationError, ValueError) as error:
        raise BadInput(str(error), where=str(path), hint=hint) from error
    return msgspec.structs.replace(table, name=path.stem)
