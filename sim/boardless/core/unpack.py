"""Unpacks archives that `git archive` made, on every Python from 3.11.0 on.

unpack.tar(Path("tree.tar"), Path("tree"))
"""

from __future__ import annotations

import tarfile
from pathlib import Path

from boardless.core.errors import BadInput


def tar(archive: Path, folder: Path) -> None:
    """Unpacks `archive` into `folder`. BadInput where a member would land outside of it, or is
    neither a file, a folder nor a link that stays inside: nothing is unpacked then.

    The standard library's own filter for this came with Python 3.11.4; Debian 12 has 3.11.2.
    """
    inside = folder.resolve()
    with tarfile.open(archive) as packed:
        members = packed.getmembers()
        for member in members:
            place = inside / member.name
            target = place
            if member.issym():
                target = place.parent / member.linkname
            elif member.islnk():
                target = inside / member.linkname
            elif not (member.isfile() or member.isdir()):
                raise BadInput(f"{member.name!r} is no file, folder or link", where=str(archive))
            for path in (place, target):
                # Not resolve(): no link of the archive is followed to decide this.
                if not _normal(path).is_relative_to(inside):
                    raise BadInput(f"{member.name!r} leads out of the folder", where=str(archive))
        for member in members:
            member.mode &= 0o755
            member.uid = member.gid = 0
            member.uname = member.gname = ""
        # From Python 3.12 on, one that is not named brings a warning or another default.
        if hasattr(tarfile, "fully_trusted_filter"):
            packed.extraction_filter = staticmethod(tarfile.fully_trusted_filter)
        packed.extractall(inside, members)


def _normal(path: Path) -> Path:
    """Returns `path` without `..`; what is above the root is the root."""
    parts: list[str] = []
    for part in path.parts:
        if part != "..":
            parts.append(part)
        elif len(parts) > 1:
            parts.pop()
    return Path(*parts)
