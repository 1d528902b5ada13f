"""Archives are unpacked inside of their folder, or not at all."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from boardless.core import unpack
from boardless.core.errors import BadInput

OUT = ("up/outside", tarfile.REGTYPE, "text")


def archive(path: Path, *members: tuple[str, bytes, str]) -> Path:
    """Makes a tar of (name, type, content or target of a link)."""
    with tarfile.open(path, "w") as made:
        for name, kind, content in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            info.linkname = content if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
            info.size = len(content) if kind == tarfile.REGTYPE else 0
            made.addfile(info, io.BytesIO(content.encode()))
    return path


def test_files_folders_and_inner_links(tmp_path: Path) -> None:
    made = archive(
        tmp_path / "a.tar",
        ("sub", tarfile.DIRTYPE, ""),
        ("sub/file", tarfile.REGTYPE, "text"),
        ("sub/link", tarfile.SYMTYPE, "../sub/file"),
    )
    unpack.tar(made, tmp_path / "out")
    assert (tmp_path / "out/sub/file").read_text() == "text"
    assert (tmp_path / "out/sub/link").read_text() == "text"


@pytest.mark.parametrize(
    "members",
    [
        [("../outside", tarfile.REGTYPE, "text")],
        [("/outside", tarfile.REGTYPE, "text")],
        [("sub/../../outside", tarfile.REGTYPE, "text")],
        [("link", tarfile.SYMTYPE, "../outside")],
        [("link", tarfile.SYMTYPE, "/etc/passwd")],
        [("link", tarfile.LNKTYPE, "../outside")],
        [("device", tarfile.CHRTYPE, "")],
        [("pipe", tarfile.FIFOTYPE, "")],
        [("here", tarfile.SYMTYPE, "."), ("up", tarfile.SYMTYPE, "here/.."), OUT],
        [("here", tarfile.SYMTYPE, "."), ("here/file", tarfile.REGTYPE, "text")],
        [("a/../link", tarfile.SYMTYPE, "."), ("up", tarfile.SYMTYPE, "link/.."), OUT],
    ],
)
def test_what_may_lead_out_is_refused(
    tmp_path: Path, members: list[tuple[str, bytes, str]]
) -> None:
    made = archive(tmp_path / "a.tar", ("inside", tarfile.REGTYPE, "text"), *members)
    folder = tmp_path / "deep" / "out"
    folder.mkdir(parents=True)
    with pytest.raises(BadInput, match=r"may lead out of the folder|is no file, folder or link"):
        unpack.tar(made, folder)
    assert not list(folder.iterdir())
    assert not (tmp_path / "deep" / "outside").exists()
