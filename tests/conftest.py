"""Fixtures that several tests share: builds, the command line, processes left behind."""

from __future__ import annotations

import contextlib
import functools
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import shared
from boardless import runtimes
from boardless.core import paths
from boardless.core.errors import ToolMissing
from boardless.device import boards
from boardless.device.link.client import Client
from boardless.device.records import Build
from boardless.model import zoo
from command_line import Cli
from properties import drawn, profiles, repeat
from properties.repeat import pytest_runtest_makereport

__all__ = ["pytest_runtest_makereport"]

profiles.register()
# Tests send these to children, which would inherit that they are ignored: a shell makes what it
# starts in the background deaf to Ctrl-C, and nohup to the end of the session.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    repeat.pytest_collection_modifyitems(items)
    drawn.in_rows(items)
    skip_where_a_board_lacks_tools(items)


def skip_where_a_board_lacks_tools(items: list[pytest.Item]) -> None:
    """Skips tests on boards that need `./bootstrap --with BOARD`, where that was not done."""
    for item in items:
        parts = getattr(item, "callspec", SimpleNamespace(id="")).id.split("-")
        missing = [program for part in parts for program in lacking().get(part, ())]
        if missing and item.get_closest_marker("emulated"):
            item.add_marker(pytest.mark.skip(reason=f"needs {missing[0]}"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """Skips those that say so only while they run."""
    try:
        yield
    except ToolMissing as error:
        missing = {program for programs in lacking().values() for program in programs}
        if any(f"{program} is not installed" in str(error) for program in missing):
            pytest.skip(str(error))
        raise


@functools.cache
def lacking() -> dict[str, list[str]]:
    """Board -> programs that are not installed. The tools of the default boards have to be."""
    found = {}
    for board in map(boards.load, boards.names()):
        qemu = board.emulators.get("qemu")
        needed = [f"{board.toolchain.prefix}gcc", *([qemu.program] if qemu else [])]
        missing = [program for program in needed if shutil.which(program) is None]
        if missing and not board.default:
            found[board.name] = missing
    return found


@pytest.fixture(scope="session")
def built() -> Callable[[str, str], Build]:
    """built(MODEL, BOARD): in the checkout's own build folder, so nothing is built twice."""

    def make(model: str, board: str) -> Build:
        return runtimes.load().build(zoo.find(model).graph, boards.load(board))

    return make


def listen_to_the_end(client: Client) -> None:
    """Reads lines until the device has ended: raises ToolFailed."""
    while True:
        client.line(time.monotonic() + 10)


@pytest.fixture
def cli() -> Iterator[Cli]:
    with contextlib.closing(Cli()) as made:
        yield made


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The wheel of this checkout, installed once for all workers of a run into a folder that
    nothing may write to later."""
    target = shared.once(tmp_path_factory, "wheel", install_wheel) / "site"
    before = {p for p in target.rglob("*") if p.suffix != ".pyc"}
    yield target
    after = {p for p in target.rglob("*") if p.suffix != ".pyc" and p.name != "__pycache__"}
    assert after <= before, "builds belong into the user's project"


def install_wheel(folder: Path) -> None:
    python = [sys.executable, "-m"]
    run = {"cwd": paths.ROOT, "check": True, "capture_output": True, "timeout": 300}
    subprocess.run([*python, "hatchling", "build", "-t", "wheel", "-d", str(folder)], **run)  # type: ignore[call-overload]
    (wheel,) = folder.glob("*.whl")
    install = ["uv", "pip", "install", "--no-deps", "--target", str(folder / "site"), str(wheel)]
    subprocess.run([*python, *install], **run)  # type: ignore[call-overload]


@pytest.fixture
def own_board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of mps2-an386 named my-board outside of the tree, found through BOARDLESS_BOARDS."""
    folder = tmp_path / "boards" / "my-board"
    shutil.copytree(paths.BOARDS / "mps2-an386", folder)
    monkeypatch.setenv("BOARDLESS_BOARDS", str(folder.parent))
    return folder
