"""Tables whose every field is checked against a msgspec.Struct, by one thread at a time.

msgspec examines a type when it meets it first. Two threads that meet the same type together crash
Python (msgspec 0.22, Python 3.11), and cases run in parallel from the first moment.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from boardless.core import files
from boardless.core.errors import BadInput

T = TypeVar("T")
ONE_AT_A_TIME = threading.Lock()


def toml(content: bytes, kind: type[T]) -> T:
    """msgspec.DecodeError says which field is wrong; UnicodeDecodeError."""
    with ONE_AT_A_TIME:
        return msgspec.toml.decode(content, type=kind)


def file(path: Path, kind: type[T], hint: str = "") -> T:
    """Returns the table of a file as `kind`. BadInput if it cannot be read or a field is wrong;
    `hint` says what to do next."""
    try:
        return toml(files.read(path), kind)
    except OSError as error:
        raise BadInput(error.strerror or str(error), where=str(path), hint=hint) from error
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError) as error:
        raise BadInput(" ".join(str(error).split())[:300], where=str(path), hint=hint) from error


def convert(table: dict[str, Any], kind: type[T], *, strict: bool = True) -> T:
    """Returns a table that has been read already as `kind`; if not strict, its values may be
    strings."""
    with ONE_AT_A_TIME:
        return msgspec.convert(table, kind, strict=strict)
