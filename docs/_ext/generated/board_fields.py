"""The fields of board.toml, from the records that read it: types, defaults, and the comments of the
fields."""

from __future__ import annotations

import inspect
import re
from typing import Any

import msgspec
from boardless.device import emulators
from boardless.device.boards import BoardFile
from boardless.device.records import BoardMemory, Toolchain

from generated.writing import code, prose, sentence, table

COMMENT = re.compile(r"^    (\w+): [^#]*#\s*(.*)$", re.MULTILINE)
# What the comments of records.Board say, board.toml's own record leaves to it.
OF_THE_FILE = {
    "description": "one line",
    "core": "a file of `cycles/cores`, or a name of its own where there is no table of cycles",
    "hal": "folder under firmware/hal with start-up code and linker script, where there is one",
    "variants": "optimised kernels the core can run, best first",
    "default": "part of `nox -s sim`",
    "part": "that it carries, a file of `cycles/parts`: reports give milliseconds on it",
    "clock_hz": "of the core, where there is no such part: reports give milliseconds at it",
    "toolchain": "see below",
    "memory": "see below",
    "emulator": "a table per emulator that knows the board, see below",
}


def markdown() -> str:
    parts = [_section("board.toml", BoardFile, OF_THE_FILE)]
    parts += [_section("[toolchain]", Toolchain), _section("[memory]", BoardMemory)]
    for name in emulators.names():
        record = getattr(emulators.load(name), "Settings", None)
        if record is not None:
            parts.append(_section(f"[emulator.{name}]", record))
    return "\n".join(parts)


def _section(title: str, record: type[Any], told: dict[str, str] | None = None) -> str:
    comments = told or dict(COMMENT.findall(inspect.getsource(record)))
    rows = [
        [code(f.name), code(_type(f.type)), _default(f), sentence(comments.get(f.name, ""))]
        for f in msgspec.structs.fields(record)
    ]
    # The record's own docstring may only repeat the heading.
    about = "" if told else prose(record) + "\n"
    columns = ["field", "type", "default", "what"]
    if not any(row[-1] for row in rows):  # the record's docstring says it all
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    fields = table(columns, rows) if rows else ""
    return f"## `{title}`\n\n{about}\n{fields}"


def _type(kind: Any) -> str:
    """Returns the name that TOML has for a type."""
    text = getattr(kind, "__name__", str(kind)).removesuffix(" | None")
    if "tuple" in str(kind):
        return "array of strings"
    if "dict" in str(kind) or (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return "table"
    return {"str": "string", "int": "integer", "bool": "boolean", "float": "float"}[text]


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    value = field.default
    if value is None:
        return "none"
    if isinstance(value, bool):
        return code(str(value).lower())
    return code(list(value) if isinstance(value, tuple) else '""' if value == "" else value)
