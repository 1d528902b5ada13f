"""Somebody's repository with boardless installed, and pytest started in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from boardless.core import paths


class Project:
    """Somebody's repository, with boardless installed."""

    def __init__(self, site: Path, folder: Path) -> None:
        self.site, self.folder = site, folder

    def test(self, source: str) -> None:
        (self.folder / "test_it.py").write_text(source)

    def pytest(self, *arguments: str, **changes: str) -> str:
        """Returns the output of pytest, with its exit status in the last line."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("BOARDLESS", "PYTEST"))}
        environment = kept | {"PYTHONPATH": str(self.site)} | changes
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return f"{done.stdout}{done.stderr}\nstatus {done.returncode}"


def with_checkout_builds() -> dict[str, str]:
    """Nothing is built twice: the wheel's firmware has the checkout's build id."""
    return {"BOARDLESS_BUILD_DIR": str(paths.build_root())}
