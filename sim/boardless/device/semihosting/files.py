"""Files below one folder, for a program that nobody trusts.

files = Files(Path("data"))
number = files.open("in/a.bin", WRITE | CREATE)

A path is walked name by name, each opened without following a symbolic link, so neither `..`, nor
an absolute path, nor a link that lies in the folder leads out of it. Only regular files are opened,
renamed or removed. What is written is limited, so that no program fills the disk.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from boardless.core.closing import Closing
from boardless.core.errors import BadInput

READ, WRITE, BOTH, APPEND, CREATE, EMPTY, NEW = 0, 1, 2, 8, 0x200, 0x400, 0x800  # GDB's numbers
MOST_OPEN = 64  # files at once
MOST_CREATED = 1_000  # files in a run
MOST_BYTES = 1 << 30  # written in a run, and of a single file
FIRST = 3  # number; those below are the console's


@dataclass
class Files(Closing):
    """The open files of one run. Every failure is an OSError."""

    root: Path
    folder: int = -1  # descriptor of root
    open_files: dict[int, int] = field(default_factory=dict)  # number -> descriptor
    written: int = 0
    created: int = 0

    def __post_init__(self) -> None:
        try:
            self.folder = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise BadInput(
                f"cannot open the folder of --semihosting-root: {error.strerror}",
                where=str(self.root),
            ) from error

    def close(self) -> None:
        for descriptor in self.open_files.values():
            os.close(descriptor)
        self.open_files.clear()
        if self.folder >= 0:
            os.close(self.folder)
            self.folder = -1

    def open(self, path: bytes, flags: int) -> int:
        """The number of the opened file."""
        if len(self.open_files) >= MOST_OPEN:
            raise OSError(errno.EMFILE, "too many open files")
        with self._parent(path) as (folder, name):
            there = _regular(folder, name, missing=bool(flags & CREATE))
            if there and flags & CREATE and flags & NEW:
                raise OSError(errno.EEXIST, "the file exists")
            if not there:
                self.created += 1
                if self.created > MOST_CREATED:
                    raise OSError(errno.ENOSPC, "too many files")
            mode = {WRITE: os.O_WRONLY, BOTH: os.O_RDWR}.get(flags & 3, os.O_RDONLY)
            mode |= os.O_APPEND if flags & APPEND else 0
            mode |= 0 if there else os.O_CREAT | os.O_EXCL
            mode |= os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
            descriptor = os.open(name, mode, 0o644, dir_fd=folder)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EACCES, "no regular file")
            if flags & EMPTY and flags & 3:
                os.ftruncate(descriptor, 0)
        except BaseException:
            os.close(descriptor)
            raise
        number = next(n for n in range(FIRST, FIRST + MOST_OPEN) if n not in self.open_files)
        self.open_files[number] = descriptor
        return number

    def descriptor(self, number: int) -> int:
        if number not in self.open_files:
            raise OSError(errno.EBADF, "no open file")
        return self.open_files[number]

    def shut(self, number: int) -> None:
        os.close(self.descriptor(number))
        del self.open_files[number]

    def read(self, number: int, size: int) -> bytes:
        return os.read(self.descriptor(number), size)

    def write(self, number: int, data: bytes) -> int:
        descriptor = self.descriptor(number)
        end = max(os.lseek(descriptor, 0, os.SEEK_CUR), os.fstat(descriptor).st_size) + len(data)
        if self.written + len(data) > MOST_BYTES or end > MOST_BYTES:
            raise OSError(errno.ENOSPC, "the run has written enough")
        count = os.write(descriptor, data)
        self.written += count
        return count

    def seek(self, number: int, offset: int, whence: int) -> int:
        if whence not in (os.SEEK_SET, os.SEEK_CUR, os.SEEK_END):
            raise OSError(errno.EINVAL, "no such origin")
        return os.lseek(self.descriptor(number), offset, whence)

    def size(self, number: int) -> os.stat_result:
        return os.fstat(self.descriptor(number))

    def stat(self, path: bytes) -> os.stat_result:
        with self._parent(path) as (folder, name):
            _regular(folder, name)
            return os.stat(name, dir_fd=folder, follow_symlinks=False)

    def remove(self, path: bytes) -> None:
        with self._parent(path) as (folder, name):
            _regular(folder, name)
            os.unlink(name, dir_fd=folder)

    def rename(self, path: bytes, new: bytes) -> None:
        with self._parent(path) as (old_folder, old_name), self._parent(new) as (folder, name):
            _regular(old_folder, old_name)
            _regular(folder, name, missing=True)
            os.rename(old_name, name, src_dir_fd=old_folder, dst_dir_fd=folder)

    @contextmanager
    def _parent(self, path: bytes) -> Iterator[tuple[int, bytes]]:
        """(descriptor of the folder that holds `path`, name in it)."""
        *folders, name = _names(path)
        at = os.dup(self.folder)
        try:
            for part in folders:
                flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
                deeper = os.open(part, flags, dir_fd=at)
                os.close(at)
                at = deeper
            yield at, name
        finally:
            os.close(at)


def _names(path: bytes) -> list[bytes]:
    """The names on the way to a file; OSError where the way leads out of the folder."""
    names = [part for part in path.split(b"/") if part not in (b"", b".")]
    if path.startswith(b"/") or b".." in names or not names or b"\0" in path:
        raise OSError(errno.EACCES, "outside of the folder")
    return names


def _regular(folder: int, name: bytes, missing: bool = False) -> bool:
    """Returns True if the file exists, or `missing` is allowed; OSError if it is no regular
    file."""
    try:
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except FileNotFoundError:
        if missing:
            return False
        raise
    if not stat.S_ISREG(mode):
        raise OSError(errno.EACCES, "no regular file")
    return True
