"""Fixtures that several tests share: builds, the command line, processes left behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from boardless import runtimes
from boardless.core import paths
from boardless.device import boards
from boardless.device.link.client import Client
from boardless.device.records import Build
from boardless.model import zoo
from properties import profiles
from properties.repeat import pytest_collection_modifyitems, pytest_runtest_makereport

__all__ = ["pytest_collection_modifyitems", "pytest_runtest_makereport"]

profiles.register()
# Tests send these to children, which would inherit that they are ignored: a shell makes what it
# starts in the background deaf to Ctrl-C, and nohup to the end of the session.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

MARK = "BOARDLESS_TEST_MARK"  # in the environment of what a test starts, and of its children
Completed = subprocess.CompletedProcess[str]


@pytest.fixture(scope="session")
def built() -> Callable[[str, str], Build]:
    """built(MODEL, BOARD): in the checkout's own build folder, so nothing is built twice."""

    def make(model: str, board: str) -> Build:
        return runtimes.load().build(zoo.find(model).graph, boards.load(board))

    return make


def marked_processes(mark: str) -> list[str]:
    """Command lines of living processes that inherited `mark`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if f"{MARK}={mark}".encode() in (entry / "environ").read_bytes():
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue  # it ended meanwhile, or is not ours
    return found


def listen_to_the_end(client: Client) -> None:
    """Reads lines until the device has ended: raises ToolFailed."""
    while True:
        client.line(time.monotonic() + 10)


class Cli:
    """The program as a user starts it. No process may outlive a call."""

    def __init__(self) -> None:
        self.mark = uuid.uuid4().hex

    def environment(self, **changes: str) -> dict[str, str]:
        return os.environ | {MARK: self.mark} | changes

    def start(self, *arguments: str, **changes: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "boardless", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment(**changes),
        )

    def __call__(self, *arguments: str, **changes: str) -> Completed:
        done = subprocess.run(
            [sys.executable, "-m", "boardless", *arguments],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
            env=self.environment(**changes),
        )
        assert not marked_processes(self.mark)
        return done

    def fails(self, status: int, *arguments: str, **changes: str) -> str:
        """The one line that a failing call says, after checking its exit status."""
        done = self(*arguments, **changes)
        said = [line for line in done.stderr.splitlines() if line.startswith("boardless: ")]
        assert done.returncode == status, done.stderr
        assert len(said) == 1, done.stderr
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
        return said[0]


@pytest.fixture
def cli() -> Cli:
    return Cli()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The wheel of this checkout, installed into a folder that nothing may write to later."""
    folder = tmp_path_factory.mktemp("wheel")
    python = [sys.executable, "-m"]
    run = {"cwd": paths.ROOT, "check": True, "capture_output": True, "timeout": 300}
    subprocess.run([*python, "hatchling", "build", "-t", "wheel", "-d", str(folder)], **run)  # type: ignore[call-overload]
    (wheel,) = folder.glob("*.whl")
    target = folder / "site"
    install = ["uv", "pip", "install", "--no-deps", "--target", str(target), str(wheel)]
    subprocess.run([*python, *install], **run)  # type: ignore[call-overload]
    before = {p for p in target.rglob("*") if p.suffix != ".pyc"}
    yield target
    after = {p for p in target.rglob("*") if p.suffix != ".pyc" and p.name != "__pycache__"}
    assert after <= before, "builds belong into the user's project"


@pytest.fixture
def own_board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of mps2-an386 named my-board outside of the tree, found through BOARDLESS_BOARDS."""
    folder = tmp_path / "boards" / "my-board"
    shutil.copytree(paths.BOARDS / "mps2-an386", folder)
    monkeypatch.setenv("BOARDLESS_BOARDS", str(folder.parent))
    return folder
