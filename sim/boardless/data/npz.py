"""Reads arrays from a .npz that may be damaged, or something else.

with npz.reading(Path("a.npz"), "pictures") as arrays:
    images = arrays["images"]
"""

from __future__ import annotations

import contextlib
import lzma
import struct
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.core.errors import BadInput

MOST_BYTES = 4 << 30  # of all arrays together, as the archive says; it is held to that
# What zipfile and numpy raise on files that make no sense, or claim sizes that no machine has.
WRONG = (
    *(OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError),
    *(MemoryError, RuntimeError, SyntaxError, IndexError, struct.error, tokenize.TokenError),
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError),
)


class Arrays:
    """The arrays of an archive, each read when it is asked for."""

    def __init__(self, archive: np.lib.npyio.NpzFile) -> None:
        self.archive = archive
        self.files: list[str] = archive.files

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of names of types that numpy takes no longer for long
            found = self.archive[name]
        if not isinstance(found, np.ndarray):  # numpy hands out a member of another kind as bytes
            raise ValueError(f"{name} is no array")
        return found


@contextlib.contextmanager
def reading(path: Path, what: str, hint: str = "") -> Iterator[Arrays]:
    """The file's arrays. What goes wrong in the block, a ValueError of the caller's too, is
    BadInput in one line: no readable `what`."""
    try:
        if not path.is_file():  # a pipe would make us wait for ever
            raise ValueError("there is no such file")
        if not zipfile.is_zipfile(path):
            raise ValueError("no .npz, or not all of it")
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > MOST_BYTES:
            raise ValueError(f"its arrays are {size:,} bytes, more than {MOST_BYTES:,}")
        # Opened here, because numpy leaves a damaged file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            yield Arrays(arrays)
    except WRONG as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise BadInput(f"not {what} ({reason})", where=str(path), hint=hint) from error
