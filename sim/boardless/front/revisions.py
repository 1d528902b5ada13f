"""The sources of a git revision, in a temporary folder.

with checkout("HEAD~1") as (commit, tree):
    ...
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from boardless.core import paths, scratch, unpack
from boardless.core.errors import BadInput, ToolFailed, ToolMissing


@contextlib.contextmanager
def checkout(revision: str) -> Iterator[tuple[str, Path]]:
    """(commit, its sources in a temporary folder that is removed in any case).

    `git archive` leaves no trace in the repository, unlike a worktree that a kill leaves behind.
    """
    commit = resolve(revision)
    with scratch.folder("revision") as folder:
        tree, archive = folder / "tree", folder / "tree.tar"
        git("archive", "--output", str(archive), commit)
        unpack.tar(archive, tree)
        if not (tree / "sim" / "boardless" / "__main__.py").is_file():
            raise BadInput(f"revision {revision} has no sim/boardless", hint="choose a later one")
        yield commit, tree


def resolve(revision: str, folder: Path | None = None) -> str:
    """The full hash of a commit of the repository that `folder` (default: the checkout) is
    in."""
    if shutil.which("git") is None:
        raise ToolMissing("git is not installed", hint="apt-get install git")
    try:
        git("rev-parse", "--git-dir", cwd=folder)
    except ToolFailed as error:
        raise BadInput(
            f"--against needs a git checkout ({error.what})", where=str(folder or paths.ROOT)
        ) from error
    try:
        named = f"{revision}^{{commit}}"
        return git("rev-parse", "--verify", "--quiet", "--end-of-options", named, cwd=folder)
    except ToolFailed as error:
        raise BadInput(
            f"unknown revision {revision!r}", hint="see `git log`, or fetch it"
        ) from error


def git(*arguments: str, cwd: Path | None = None) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=cwd or paths.ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolFailed(f"git: {error}") from error
    if done.returncode:
        raise ToolFailed((done.stderr.strip().splitlines() or ["git failed"])[0])
    return done.stdout.strip()
