"""Names that a .tflite file holds, as one line of printable text whatever the file says."""

from __future__ import annotations

from typing import Any

from ai_edge_litert import schema_py_generated as schema

from boardless.model.graph import options

MAX_NAME = 4096  # bytes
OPERATOR_NAMES = options.names(schema.BuiltinOperator)


def tensor(t: Any) -> str:
    """Returns a tensor's name, "" where it has none or one that is too long."""
    at = t._tab.Offset(10)  # of the string, whose length is checked before it is copied
    if not at or t._tab.VectorLen(at) > MAX_NAME:
        return ""
    return printable(t.Name())


def operator(code: Any) -> str:
    """Returns an operator's name; of a custom one its own, too."""
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    name = OPERATOR_NAMES.get(number, f"number {number}")
    if number != schema.BuiltinOperator.CUSTOM:
        return name
    at = code._tab.Offset(6)
    known = at and code._tab.VectorLen(at) <= 100
    return f"{name} {printable(code.CustomCode()) if known else '?'}"


def printable(text: bytes) -> str:
    """One line, whatever the file says."""
    return "".join(c if c.isprintable() else "?" for c in text.decode("utf8", "replace"))
