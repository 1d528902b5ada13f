"""The version of a checkout that the user names: its revision, and a digest of the sources that are
there, which may differ from the revision's.

described("CMSIS-NN", root, files(root, ["Include", "Source"]))
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from boardless.core.files import state

SUFFIXES = (".c", ".cc", ".h", ".inc")


def described(name: str, root: Path, sources: Sequence[Path]) -> str:
    """Returns a text such as "CMSIS-NN 99f736a63036, sources 1a2b3c4d"."""
    named = revision(root)
    digest = _digest(root, tuple(map(tuple, state(sources))))
    return f"{name}{f' {named[:12]}' if named else ''}, sources {digest[:8]}"


def files(root: Path, folders: Iterable[str], *, deep: bool = True) -> list[Path]:
    """Returns the sources in some folders of a checkout, sorted in each; without those of folders
    inside of them unless `deep`."""
    found: list[Path] = []
    for name in folders:
        folder = root / name
        inside = folder.rglob("*") if deep else folder.glob("*")
        found += sorted(path for path in inside if path.suffix in SUFFIXES)
    return found


@functools.lru_cache(maxsize=8)
def _digest(root: Path, states: tuple[tuple[object, ...], ...]) -> str:
    """Returns a digest of files by their states, which say when it has to be made anew."""
    digest = hashlib.sha256()
    for path, *_ in states:
        assert isinstance(path, Path)
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def revision(root: Path) -> str:
    """Returns the commit of a git checkout, "" where it is none."""
    try:
        git = root / ".git"
        if git.is_file():  # of a worktree
            git = root / git.read_text().removeprefix("gitdir:").strip()
        head = (git / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head
        name, common = head.removeprefix("ref: "), git / "commondir"
        git = git / common.read_text().strip() if common.is_file() else git
        if (git / name).is_file():
            return (git / name).read_text().strip()
        packed = (git / "packed-refs").read_text()
        return next((x.split()[0] for x in packed.splitlines() if x.endswith(f" {name}")), "")
    except OSError:
        return ""
