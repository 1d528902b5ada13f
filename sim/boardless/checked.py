"""Tables whose every field is checked against a msgspec.Struct, by one thread at a time.

msgspec looks at a type when it meets it first. Two threads that meet one together crash Python
(msgspec 0.22, Python 3.11), and cases run beside each other from the first moment.
"""

from __future__ import annotations

import threading
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
ONE_AT_A_TIME = threading.Lock()


def toml(content: bytes, kind: type[T]) -> T:
    """msgspec.DecodeError says which field is wrong; UnicodeDecodeError."""
    with ONE_AT_A_TIME:
        return msgspec.toml.decode(content, type=kind)


def convert(table: dict[str, Any], kind: type[T], *, strict: bool = True) -> T:
    """The same of a table that has been read already; not strict: its values may be strings."""
    with ONE_AT_A_TIME:
        return msgspec.convert(table, kind, strict=strict)
