"""Temporary folders that are removed, even if a run was ended by SIGKILL.

with scratch.folder("against") as path:
    (path / "tree").mkdir()
"""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

LOCK = "lock"


@contextlib.contextmanager
def folder(purpose: str) -> Iterator[Path]:
    """Makes a temporary folder, and removes it at the end of the block. If a run is killed, the
    next one with the same purpose removes its folder: the lock in it ends with its process."""
    prefix = f"boardless-{purpose}-"
    for old in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        _remove(old)
    # A child that was killed may have a file open in it, or write a last one.
    made = tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True)
    with made as name, Path(name, LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Path(name)


def _remove(old: Path) -> None:
    """Removes a folder if no process holds its lock. A folder without a lock is new, or another
    program's."""
    with contextlib.suppress(OSError), (old / LOCK).open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(old, ignore_errors=True)
