"""Answers the calls of a guest: GDB's File-I/O requests, as QEMU sends them.

calls = Calls(output)
number, error = calls.answer("write,1,20000000,5", memory)

Without a folder of files every call that names or opens one fails with EACCES; a command is never
run. What the guest prints is limited in size.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from boardless.core.errors import ToolFailed
from boardless.device.semihosting.files import Files
from boardless.device.semihosting.remote import NoMemory

MOST_PRINTED = 1 << 26  # bytes of a run
MOST_AT_ONCE = 1 << 16  # bytes of one call; the guest asks again for the rest
LONGEST_PATH = 4096
STDIN, STDOUT, STDERR = 0, 1, 2
# What GDB's protocol has numbers for; any other failure is "unknown" in it.
ERRORS = {
    *("EPERM", "ENOENT", "EINTR", "EBADF", "EACCES", "EFAULT", "EBUSY", "EEXIST", "ENODEV"),
    *("ENOTDIR", "EISDIR", "EINVAL", "ENFILE", "EMFILE", "EFBIG", "ENOSPC", "ESPIPE", "EROFS"),
}
TOO_LONG, UNKNOWN = 91, 9999  # GDB's ENAMETOOLONG and EUNKNOWN


class TargetMemory(Protocol):
    """The guest's."""

    def read(self, address: int, size: int) -> bytes: ...

    def write(self, address: int, data: bytes) -> None: ...


@dataclass
class Output:
    """The output of a run, in order and limited in size."""

    take: Callable[[bytes], object] = lambda _: None  # gets standard output as it comes
    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)

    def print(self, data: bytes, error: bool = False) -> None:
        (self.stderr if error else self.stdout).extend(data)
        if len(self.stdout) + len(self.stderr) > MOST_PRINTED:
            raise ToolFailed(f"the program has printed more than {MOST_PRINTED >> 20} MiB")
        if not error:
            self.take(data)


@dataclass
class Calls:
    """The host's side. `from_console()` tells a single character's call from one on a handle."""

    output: Output
    files: Files | None = None
    from_console: Callable[[], bool] = lambda: True

    def answer(self, request: str, memory: TargetMemory) -> tuple[int, int]:
        """(result, 0) or (-1, GDB's error number)."""
        name, *words = request.split(",")
        try:
            known = getattr(self, f"do_{name}", None)
            if known is None:  # system among them
                return -1, errno.EPERM
            return known(memory, *words), 0
        except NoMemory:
            return -1, errno.EFAULT
        except OSError as error:
            code = error.errno or 0
            if code in (errno.ENAMETOOLONG, errno.ELOOP):
                return -1, TOO_LONG if code == errno.ENAMETOOLONG else errno.EACCES
            return -1, code if errno.errorcode.get(code) in ERRORS else UNKNOWN
        except (ValueError, TypeError, OverflowError):  # a request of another form
            return -1, errno.EINVAL

    # ---- console ----

    def do_write(self, memory: TargetMemory, number: str, address: str, size: str) -> int:
        count = int(size, 16)
        if _number(number) not in (STDOUT, STDERR):
            data = memory.read(int(address, 16), min(count, MOST_AT_ONCE))
            return self._files().write(_number(number), data)
        error = _number(number) == STDERR and not self.from_console()
        done = 0
        while done < count:  # whoever prints a string does not ask again
            data = memory.read(int(address, 16) + done, min(count - done, MOST_AT_ONCE))
            self.output.print(data, error)
            done += len(data)
        return count

    def do_read(self, memory: TargetMemory, number: str, address: str, size: str) -> int:
        if _number(number) == STDIN:
            if self.from_console():  # a character is asked for, and none will come
                raise OSError(errno.EINVAL, "no input")
            return 0
        data = self._files().read(_number(number), min(int(size, 16), MOST_AT_ONCE))
        memory.write(int(address, 16), data)
        return len(data)

    def do_isatty(self, memory: TargetMemory, number: str) -> int:
        return 0

    def do_gettimeofday(self, memory: TargetMemory, address: str, zone: str = "0") -> int:
        now = time.time_ns()
        seconds = now // 1_000_000_000 & 0xFFFFFFFF
        memory.write(int(address, 16), struct.pack(">IQ", seconds, now // 1_000 % 1_000_000))
        return 0

    # ---- files ----

    def do_open(self, memory: TargetMemory, path: str, flags: str, mode: str) -> int:
        return self._files().open(_path(memory, path), int(flags, 16))

    def do_close(self, memory: TargetMemory, number: str) -> int:
        if _number(number) > STDERR:
            self._files().shut(_number(number))
        return 0

    def do_lseek(self, memory: TargetMemory, number: str, offset: str, whence: str) -> int:
        value = int(offset, 16)
        value -= (1 << 64) if value >> 63 else 0
        return self._files().seek(_number(number), value, int(whence, 16))

    def do_fstat(self, memory: TargetMemory, number: str, address: str) -> int:
        """The size. GDB's protocol has 0 here; QEMU expects either, by its version."""
        if _number(number) <= STDERR:
            memory.write(int(address, 16), _packed(stat.S_IFIFO, 0))
            return 0
        found = self._files().size(_number(number))
        memory.write(int(address, 16), _packed(stat.S_IFREG, found.st_size))
        return found.st_size

    def do_stat(self, memory: TargetMemory, path: str, address: str) -> int:
        found = self._files().stat(_path(memory, path))
        memory.write(int(address, 16), _packed(stat.S_IFREG, found.st_size))
        return 0

    def do_unlink(self, memory: TargetMemory, path: str) -> int:
        self._files().remove(_path(memory, path))
        return 0

    def do_rename(self, memory: TargetMemory, path: str, new: str) -> int:
        self._files().rename(_path(memory, path), _path(memory, new))
        return 0

    def _files(self) -> Files:
        if self.files is None:
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        return self.files


def _number(text: str) -> int:
    """A handle, which QEMU writes as an unsigned number."""
    return int(text, 16)


def _path(memory: TargetMemory, text: str) -> bytes:
    """The string at ADDRESS/SIZE, its closing zero included; some QEMU adds an x."""
    address, _, size = text.rstrip("x").partition("/")
    length = int(size, 16)
    if length > LONGEST_PATH:
        raise OSError(errno.ENAMETOOLONG, "the path is too long")
    return memory.read(int(address, 16), length).split(b"\0")[0]


def _packed(kind: int, size: int) -> bytes:
    """GDB's struct stat, big-endian: kind, permissions and size; the rest says nothing of the
    host."""
    permissions = 0o644 if kind == stat.S_IFREG else 0o600
    head = (0, 0, kind | permissions, 1, 0, 0, 0)
    return struct.pack(">7IQQQ3I", *head, size, 512, -(-size // 512), 0, 0, 0)
