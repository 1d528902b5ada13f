"""Unpacks archives that `git archive` made, on every Python from 3.11.0 on.

unpack.tar(Path("tree.tar"), Path("tree"))
"""

from __future__ import annotations

import tarfile
from pathlib import Path, PurePosixPath

from boardless.core.errors import BadInput


def tar(archive: Path, folder: Path) -> None:
    """Unpacks `archive` into `folder`. Raises BadInput, before anything is unpacked, where a member
    is no file, folder or symbolic link, or where it could lead out of the folder.

    The standard library's own filter for this came with Python 3.11.4; Debian 12 has 3.11.2.
    """
    with tarfile.open(archive) as packed:
        members = packed.getmembers()
        links = {PurePosixPath(m.name) for m in members if m.issym()}
        for member in members:
            if not (member.isfile() or member.isdir() or member.issym()):
                raise BadInput(f"{member.name!r} is no file, folder or link", where=str(archive))
            place = PurePosixPath(member.name)
            inside = ".." not in place.parts and _stays_inside(PurePosixPath(), place, links)
            if member.issym():
                target = PurePosixPath(member.linkname)
                inside = inside and _stays_inside(place.parent, target, links)
            if not inside:
                raise BadInput(f"{member.name!r} may lead out of the folder", where=str(archive))
            member.mode &= 0o755
            member.uid = member.gid = 0
            member.uname = member.gname = ""
        # From Python 3.12 on, one that is not named brings a warning or another default.
        if hasattr(tarfile, "fully_trusted_filter"):
            packed.extraction_filter = staticmethod(tarfile.fully_trusted_filter)
        packed.extractall(folder, members)


def _stays_inside(start: PurePosixPath, path: PurePosixPath, links: set[PurePosixPath]) -> bool:
    """Checks that `path`, seen from the folder `start` of the archive, stays in the archive at each
    of its steps. It may end at one of the `links`, but not lead through one."""
    here = start
    for part in path.parts:
        if here in links or (part == ".." and here == PurePosixPath()):
            return False
        here = here.parent if part == ".." else here / part
    return not path.is_absolute()
