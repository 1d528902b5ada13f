"""The answers to a program's calls, without QEMU: files below a folder, requests of any form."""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from boardless.core.errors import ToolFailed
from boardless.device.semihosting import calls, files, remote
from boardless.device.semihosting.calls import Calls, Output
from boardless.device.semihosting.files import BOTH, CREATE, EMPTY, NEW, READ, WRITE, Files
from hypothesis import example, given
from hypothesis import strategies as st


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with ways out of it, next to a secret."""
    found = tmp_path / "root"
    (found / "inner").mkdir(parents=True)
    (found / "file").write_text("content")
    (found / "inner" / "file").write_text("inner")
    (tmp_path / "secret").write_text("secret")
    (found / "link").symlink_to("../secret")
    (found / "here").symlink_to("file")  # even a link to the folder's own file
    (found / "up").symlink_to("..")
    (found / "dangling").symlink_to("../made")
    os.mkfifo(found / "pipe")
    return found


OUT = [
    b"../secret",
    b"inner/../../secret",
    b"/etc/passwd",
    b"//etc/passwd",
    b"link",
    b"here",
    b"up/secret",
    b"inner/../up/secret",
    b"dangling",
    b"pipe",
    b"inner",
    b".",
    b"",
    b"..",
    b"file/x",
    b"a\0b",
    b"x" * 5000,
    b"inner/" * 3000,
]
WAYS: list[Callable[[Files, bytes], object]] = [
    lambda f, path: f.open(path, READ),
    lambda f, path: f.open(path, WRITE),
    lambda f, path: f.open(path, WRITE | CREATE | EMPTY),
    lambda f, path: f.open(path, BOTH | CREATE | NEW),
    lambda f, path: f.remove(path),
    lambda f, path: f.rename(path, b"new"),
    lambda f, path: f.rename(b"file", path),
    lambda f, path: f.stat(path),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("path", OUT)
def test_no_way_out(root: Path, way: Callable[[Files, bytes], object], path: bytes) -> None:
    before = sorted(root.parent.rglob("*"))
    with Files(root) as found, pytest.raises((OSError, ValueError)):
        way(found, path)
    assert sorted(root.parent.rglob("*")) == before
    assert (root.parent / "secret").read_text() == "secret"
    assert (root / "file").read_text() == "content"


def test_the_folder_is_the_one_that_was_opened(root: Path) -> None:
    """Whoever puts a link in its place later changes nothing."""
    with Files(root) as found:
        root.rename(root.parent / "moved")
        root.symlink_to(root.parent)
        with pytest.raises(FileNotFoundError):
            found.open(b"secret", READ)
        assert found.read(found.open(b"file", READ), 100) == b"content"


def test_limits(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 100)
    monkeypatch.setattr(files, "MOST_CREATED", 3)
    monkeypatch.setattr(files, "MOST_OPEN", 4)
    with Files(root) as found:
        number = found.open(b"a", WRITE | CREATE)
        assert found.write(number, bytes(90)) == 90
        with pytest.raises(OSError, match="enough"):
            found.write(number, bytes(11))
        found.seek(number, 1 << 40, os.SEEK_SET)  # a hole fills no disk, but many do
        with pytest.raises(OSError, match="enough"):
            found.write(number, b"x")
        found.open(b"b", WRITE | CREATE)
        found.open(b"c", WRITE | CREATE)
        with pytest.raises(OSError, match="too many files"):
            found.open(b"d", WRITE | CREATE)
        found.open(b"a", READ)
        with pytest.raises(OSError, match="too many open"):
            found.open(b"a", READ)
        found.shut(number)
        assert found.open(b"a", READ) == number
    assert (root / "a").stat().st_size == 90


def test_numbers_that_were_not_given_out(root: Path) -> None:
    with Files(root) as found:
        for number in (-1, 0, 1, 2, 3, 7, found.folder, 1 << 40):
            for use in (found.shut, found.size):
                with pytest.raises(OSError) as caught:  # noqa: PT011 (its number is compared)
                    use(number)
                assert caught.value.errno == errno.EBADF


class Ram:
    """Memory of a guest from 0 on."""

    def __init__(self, content: bytes) -> None:
        self.content = bytearray(content.ljust(1 << 12, b"\0"))

    def read(self, address: int, size: int) -> bytes:
        if address + size > len(self.content):
            raise remote.NoMemory
        return bytes(self.content[address : address + size])

    def write(self, address: int, data: bytes) -> None:
        self.read(address, len(data))
        self.content[address : address + len(data)] = data


def test_a_file_by_requests(root: Path) -> None:
    ram = Ram(b"inner/file\0")
    with Files(root) as found:
        host = Calls(Output(), found, from_console=lambda: False)
        number, error = host.answer("open,0/bx,0,1a4", ram)  # some QEMU write this x
        assert (number, error) == (3, 0)
        assert host.answer("fstat,3,100", ram) == (5, 0)
        assert struct.unpack_from(">Q", ram.content, 0x100 + 28) == (5,)
        assert host.answer("lseek,3,ffffffffffffffff,2", ram) == (4, 0)  # -1 from the end
        assert host.answer("read,3,80,10", ram) == (1, 0)
        assert ram.content[0x80:0x82] == b"r\0"
        assert host.answer("write,3,80,1", ram) == (-1, errno.EBADF)  # opened to read
        assert host.answer("close,3", ram) == (0, 0)
        assert host.answer("close,3", ram) == (-1, errno.EBADF)


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ("system,0/3", errno.EPERM),
        ("open,0/3,0,0", errno.EACCES),
        ("unlink,0/3", errno.EACCES),
        ("rename,0/3,0/3", errno.EACCES),
        ("stat,0/3,10", errno.EACCES),
        ("write,5,0,3", errno.EACCES),
        ("read,5,0,3", errno.EACCES),
        ("lseek,5,0,0", errno.EACCES),
        ("fstat,5,0", errno.EACCES),
        ("write,1,ffff0000,3", errno.EFAULT),
        ("open,0/ffffffff,0,0", errno.EACCES),
    ],
)
def test_without_a_folder_nothing_is_opened(request_: str, error: int) -> None:
    assert Calls(Output()).answer(request_, Ram(b"/x\0")) == (-1, error)


WORDS = st.one_of(
    st.integers(0, 1 << 64).map(lambda n: f"{n:x}"),
    st.text(max_size=5),
    st.sampled_from(["0/3", "0/ffffffffffffffff", "fff/10", "-1", "0", "1", "2", "3", ""]),
)
NAMES = st.sampled_from(
    [
        "open",
        "close",
        "read",
        "write",
        "lseek",
        "rename",
        "unlink",
        "stat",
        "fstat",
        "isatty",
        "gettimeofday",
        "system",
        "answer",
        *("files", "__class__", "output", ""),
    ]
)


@given(st.lists(st.tuples(NAMES, st.lists(WORDS, max_size=5)), max_size=12))
@example([("write", ["1", "0", "ffffffffffffffff"])])
def test_requests_of_any_form(
    tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[str, list[str]]]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    with Files(folder) as found:
        host = Calls(Output(), found)
        ram = Ram(b"a\0b\0")
        for name, words in asked:
            result, error = host.answer(",".join([name, *words]), ram)
            assert error >= 0
            assert result >= 0 or error


def test_what_is_printed_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "MOST_PRINTED", 1000)
    host = Calls(Output())
    assert host.answer("write,1,0,384", Ram(b"")) == (0x384, 0)
    with pytest.raises(ToolFailed, match="has printed more than"):
        host.answer("write,2,0,384", Ram(b""))


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_a_debugger_interface_that_sends_anything(pieces: list[bytes]) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for piece in pieces:
            theirs.sendall(piece)
        theirs.shutdown(socket.SHUT_WR)
        found = remote.Remote(ours)
        packets = iter(found.receive, None)
        with pytest.raises(remote.Ended):
            list(packets)
