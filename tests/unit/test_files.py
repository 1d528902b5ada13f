"""Files appear whole or not at all, and links lead nothing out of the build folder."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest
from boardless.core import files
from boardless.core.errors import BadInput
from boardless.device import build
from boardless.report import record
from command_line import Cli


def test_a_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a"
    files.write(path, b"old")
    path.chmod(0o640)
    files.write(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [*tmp_path.iterdir()] == [path]


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fchmod", full)
    with pytest.raises(OSError, match="No space"):
        files.write(path, b"new")
    assert path.read_bytes() == b"old"
    assert [*tmp_path.iterdir()] == [path]


def test_a_link_is_followed_where_the_user_named_it_only(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    files.write(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"
    files.replace(tmp_path / "link", b"own")
    assert not (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()))
    reader.start()
    files.write(path, b"text")
    reader.join(timeout=60)
    assert got == [b"text"]
    assert path.is_fifo()


def test_a_name_that_is_no_utf8_is_escaped(tmp_path: Path) -> None:
    """A name such as of a picture: Python holds it as a surrogate, which no file can hold."""
    record.write_text("a\udcff.png", tmp_path / "a.json")
    assert (tmp_path / "a.json").read_text() == "a\\udcff.png"


def test_links_inside_of_the_root_are_fine(tmp_path: Path) -> None:
    root = tmp_path / "build"
    (root / "board" / "model").mkdir(parents=True)
    (root / "board" / "model" / "link").symlink_to(root)
    files.check_inside(root / "board" / "model", root)
    (tmp_path / "other").symlink_to(root)
    files.check_inside(tmp_path / "other" / "board" / "model", tmp_path / "other")


@pytest.mark.parametrize("place", ["board/model/lock", "board/model/pio/x", "board/model", "board"])
@pytest.mark.parametrize("target", ["../outside", "/nowhere/at/all"])
def test_a_link_out_of_the_root_is_refused(tmp_path: Path, place: str, target: str) -> None:
    root = tmp_path / "build"
    outside = tmp_path / "outside"
    (outside / "model").mkdir(parents=True)
    link = root / place
    link.parent.mkdir(parents=True)
    link.symlink_to(outside if target == "../outside" else target)
    with pytest.raises(BadInput, match="leads out of the build folder"):
        files.check_inside(root / "board" / "model", root)


@pytest.mark.parametrize("special", [*'"$\\&;`()<>|\n\t', "$(touch x)", "\u2028"])
def test_a_path_that_a_shell_would_take_for_a_command_is_refused(special: str) -> None:
    with pytest.raises(BadInput, match="cannot be built in; choose another"):
        build.check_path(Path(f"/a{special}b"), "choose another")


@pytest.mark.parametrize("plain", [*" '%#*?~{}!=:[],@+^é", "a b"])
def test_a_path_that_reaches_the_compiler_as_it_is(plain: str) -> None:
    build.check_path(Path(f"/a{plain}b"), "choose another")


def test_only_regular_files_of_a_sane_size_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert files.read(path, 5) == b"12345"
    with pytest.raises(OSError, match="more than 4 bytes"):
        files.read(path, 4)
    os.mkfifo(tmp_path / "pipe")
    for other in (tmp_path / "pipe", Path("/dev/zero"), Path("/dev/null")):
        with pytest.raises(OSError, match="not a file"):
            files.read(other)
    with pytest.raises(OSError, match="No such file"):
        files.read(tmp_path / "none")
    with pytest.raises(OSError, match=r"[Dd]irectory|not a file"):
        files.read(tmp_path)


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", "--from"),
        ("sweep", "--show"),
        ("count", "--board", "mps2-an386"),
        ("run", "--board", "host"),
        ("run", "digits_cnn:int8", "--board", "host", "--images"),
        ("calibrate", "--facts"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("what", ["pipe", "/dev/zero"])
def test_a_command_waits_for_no_pipe(what: str, arguments: tuple[str, ...], tmp_path: Path) -> None:
    if what == "pipe":
        os.mkfifo(tmp_path / what)
    cli = Cli(tmp_path)
    assert cli(*arguments, what).returncode == 2
