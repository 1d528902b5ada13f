"""`nox -s quick` tests the kernels that have changed, `nox -s lint` checks every script."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from unittest import mock

import pytest
from boardless.core import paths

pytest.importorskip("nox")
GIT = ("git", "-c", "user.name=test", "-c", "user.email=test@example.org")


@pytest.fixture(scope="module")
def loaded() -> Iterator[ModuleType]:
    """The noxfile, which changes PATH, and can be loaded but once."""
    spec = importlib.util.spec_from_file_location("checked_noxfile", paths.ROOT / "noxfile.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    with mock.patch.dict(os.environ):
        spec.loader.exec_module(module)
        yield module


@pytest.fixture
def copy(loaded: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The noxfile of a folder with two kernels; its name has a space."""
    root = tmp_path / "a b"
    for name in ("conv_2d/lower.py", "conv_2d/conv_2d_ref.c", "pad/lower.py", "pad/pad.h"):
        (root / "firmware/kernels" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "firmware/kernels" / name).touch()
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):  # as in a hook
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.setattr(loaded, "ROOT", root)
    return loaded


def git(root: Path, *arguments: str) -> None:
    subprocess.run([*GIT, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def clone(copy: ModuleType) -> ModuleType:
    git(copy.ROOT, "init", "-q", "-b", "main")
    git(copy.ROOT, "add", "-A")
    git(copy.ROOT, "commit", "-q", "-m", "begin")
    return copy


def test_nothing_has_changed(clone: ModuleType) -> None:
    assert clone.changed_kernels(None) == []


@pytest.mark.parametrize(
    ("file", "kernels"),
    [
        ("firmware/kernels/conv_2d/conv_2d_ref.c", ["conv_2d"]),
        ("firmware/kernels/conv_2d/conv_2d_new.c", ["conv_2d"]),
        ("firmware/kernels/pad/pad.h", ["conv_2d", "pad"]),
        ("firmware/kernels/shared.h", ["conv_2d", "pad"]),
        ("firmware/kernels/lookup/lookup_ref.c", ["conv_2d", "pad"]),
        ("tests/properties/strategies/pad.py", ["pad"]),
        ("sim/boardless/pad/conv_2d.py", []),
    ],
)
@pytest.mark.parametrize("committed", [False, True])
def test_a_changed_file(clone: ModuleType, file: str, kernels: list[str], committed: bool) -> None:
    git(clone.ROOT, "checkout", "-q", "-b", "mine")
    path = clone.ROOT / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("new")
    if committed:
        git(clone.ROOT, "add", "-A")
        git(clone.ROOT, "commit", "-q", "-m", "change")
    assert clone.changed_kernels(None) == kernels
    assert clone.changed_kernels("HEAD") == ([] if committed else kernels)


def test_git_does_not_say(copy: ModuleType, clone: ModuleType) -> None:
    assert clone.changed_kernels("no-such-revision") is None
    shutil.rmtree(copy.ROOT / ".git")
    assert copy.changed_kernels(None) is None


def test_git_is_not_installed(clone: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/no/where")
    assert clone.changed_kernels(None) is None


def test_every_script_is_checked(loaded: ModuleType) -> None:
    folders = ("", *loaded.CODE[:-1], ".ci", "robot_tests")
    files = {
        path
        for folder in folders
        for path in (paths.ROOT / folder).glob("**/*" if folder else "*")
        if path.is_file() and path.suffix in ("", ".sh") and path.read_bytes()[:2] == b"#!"
    }
    assert loaded.scripts() == sorted(str(path.relative_to(paths.ROOT)) for path in files)
    assert "bootstrap" in loaded.scripts()


def test_bench_computes_the_errors_of_readme_again(loaded: ModuleType) -> None:
    ran: dict[tuple[str, ...], list[str]] = {}
    for arguments in ((), ("--errors",), ("--times",), ("digits_cnn",)):
        session = mock.Mock(posargs=list(arguments))
        session.virtualenv.is_sandboxed = False
        loaded.bench(session)
        ran[arguments] = [" ".join(call.args) for call in session.run.call_args_list]
    errors = ["boardless calibrate --all", "python docs/_ext/readme.py"]
    assert ran["--errors",] == errors
    layers = ("boardless bench --board mps3-an547", "boardless bench --shapes")
    assert ran[()] == ["boardless bench", *layers, *errors, "python tests/times.py"]
    assert ran["--times",] == ["python tests/times.py"]
    assert ran["digits_cnn",] == ["boardless bench digits_cnn"]


SESSIONS = """
import time
import nox

@nox.session(python=False)
def fails(session):
    session.error("on purpose")

@nox.session(python=False)
def prints(session):
    print("given", session.posargs)

@nox.session(python=False)
def lasts(session):
    open("lasts", "w").close()
    try:
        time.sleep(60)
    finally:
        open("ended", "w").close()
"""


@pytest.fixture
def sessions(loaded: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Its `meanwhile` runs the sessions above."""
    (tmp_path / "noxfile.py").write_text(SESSIONS)
    monkeypatch.setattr(loaded, "__file__", str(tmp_path / "noxfile.py"))
    return loaded


def test_the_failure_of_another_session_stops_neither_the_next_nor_is_it_lost(
    sessions: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    session = mock.Mock()
    session.error.side_effect = RuntimeError
    with pytest.raises(RuntimeError), sessions.meanwhile(session, ["fails"], ["prints", "--", "x"]):
        pass
    printed = capsys.readouterr()
    assert "on purpose" in printed.out
    assert "given ['x']" in printed.out
    session.error.reset_mock()
    with sessions.meanwhile(session, ["prints"]):
        pass
    session.error.assert_not_called()


def test_ctrl_c_ends_the_other_session(sessions: ModuleType, tmp_path: Path) -> None:
    def interrupted() -> None:
        with sessions.meanwhile(mock.Mock(), ["lasts"], ["fails"]):
            while not (tmp_path / "lasts").exists():
                time.sleep(0.01)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (tmp_path / "ended").exists()
