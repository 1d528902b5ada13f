"""Writes files that appear whole or not at all, and keeps what is written inside of its folder.

files.write(Path("report.json"), b"{}")
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

from boardless.core.errors import BadInput

MOST = 64 << 20  # bytes of a file that is read as a whole


def write(path: Path, content: bytes) -> None:
    """Writes a file under another name, then renames it: whoever reads it meanwhile sees the old
    one, and a full disk leaves that. What is no regular file, such as a pipe, is written to as it
    is. A link is followed: the user has named it. OSError."""
    target = Path(os.path.realpath(path))
    replace(target, content, plain=target.exists() and not target.is_file())


def replace(path: Path, content: bytes, *, plain: bool = False) -> None:
    """Writes as write() does, but puts the file in the place of a link instead of following it.
    With `plain` nothing is renamed. OSError."""
    if plain:
        path.write_bytes(content)
        return
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        handle = os.open(temporary, flags, 0o666)
    except PermissionError:
        if path.is_symlink() or not path.is_file():
            raise
        path.write_bytes(content)  # a file of ours in a folder of somebody else's
        return
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            with contextlib.suppress(FileNotFoundError):
                old = path.lstat()
                if stat.S_ISREG(old.st_mode):
                    os.fchmod(out.fileno(), stat.S_IMODE(old.st_mode))
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read(path: Path, most: int = MOST) -> bytes:
    """Returns the content of a regular file of at most so many bytes; OSError where it is another:
    a pipe would make us wait for ever, and a device such as /dev/zero has no end."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise OSError(errno.EINVAL, "this is not a file", str(path))
        content = file.read(most + 1)  # the size in `about` may be another by now
        if len(content) > most:
            raise OSError(errno.EFBIG, f"more than {most:,} bytes", str(path))
        return content


def state(paths: Iterable[Path]) -> list[tuple[object, ...]]:
    """Returns what differs once any of the files was written, replaced, added or removed, even if
    all is then as before."""
    states: list[tuple[object, ...]] = []
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            about = path.stat()
            times = about.st_mtime_ns, about.st_ctime_ns
            states.append((path, about.st_ino, about.st_size, *times))
    return states


def check_inside(folder: Path, root: Path) -> None:
    """Raises BadInput where a link in `folder`, or on the way to it from `root`, leads out of
    `root`: what is written there would be written elsewhere."""
    inside = Path(os.path.realpath(root))
    links = [folder]
    for place, folders, names in os.walk(folder):
        links += (p for p in (Path(place, n) for n in (*folders, *names)) if p.is_symlink())
    for link in links:
        real = Path(os.path.realpath(link))
        if not real.is_relative_to(inside):
            raise BadInput(
                f"a link leads out of the build folder, to {real}",
                where=str(link),
                hint="delete it, or set BOARDLESS_BUILD_DIR",
            )
