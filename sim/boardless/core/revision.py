"""The commit that a folder has checked out.

current(Path("."))  # Revision("5913997c1f2a", "2026-11-29T01:17:05+00:00", changed=False)
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple

SECONDS = 30


class Revision(NamedTuple):
    """A commit, its date, and whether files that git knows differ from it."""

    commit: str
    date: str
    changed: bool


def current(folder: Path) -> Revision | None:
    """Returns the commit of `folder`; None where it is in no repository, or git is missing."""
    try:
        commit, _, date = _git(folder, "log", "-1", "--format=%H %cI").partition(" ")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return None
    return Revision(commit[:12], date, bool(changed))


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
    return done.stdout.strip()
