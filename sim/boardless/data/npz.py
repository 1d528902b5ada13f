"""Reads arrays from a .npz that may be damaged, or something else.

with npz.reading(Path("a.npz"), "pictures") as arrays:
    images = arrays["images"]
"""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from boardless.core.errors import BadInput

WRONG = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error)


@contextlib.contextmanager
def reading(path: Path, what: str, hint: str = "") -> Iterator[np.lib.npyio.NpzFile]:
    """The file's arrays. What goes wrong in the block, a ValueError of the caller's too, is
    BadInput in one line: no readable `what`."""
    try:
        if not path.is_file():  # a pipe would make us wait for ever
            raise ValueError("there is no such file")
        if not zipfile.is_zipfile(path):
            raise ValueError("no .npz, or not all of it")
        # Opened here, because numpy leaves a damaged file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            yield arrays
    except WRONG as error:
        reason = " ".join(str(error).split())
        raise BadInput(f"not {what} ({reason})", where=str(path), hint=hint) from error
