"""Temporary folders, whatever ends the process that made them."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from boardless.core import scratch

HOLD = """
from boardless.core import scratch
with scratch.folder("test") as path:
    (path / "large").mkdir()
    print(path, flush=True)
    input()
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)  # read TMPDIR again
    return tmp_path


def holder() -> subprocess.Popen[str]:
    """A process that is in the block."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert Path(process.stdout.readline().strip()).is_dir()
    return process


def test_it_goes_with_the_block(temporary: Path) -> None:
    with contextlib.suppress(ZeroDivisionError), scratch.folder("test") as path:
        assert path.parent == temporary
        _ = 1 / 0
    assert list(temporary.iterdir()) == []


def test_the_next_run_removes_what_a_killed_one_left(temporary: Path) -> None:
    with holder() as living, holder() as killed:
        killed.kill()
        killed.wait(60)
        assert len(list(temporary.iterdir())) == 2
        other = temporary / "boardless-test-unknown"
        other.mkdir()
        with scratch.folder("test") as path:
            left = set(temporary.iterdir()) - {path, other}
            assert len(left) == 1  # of the living one
            assert all((p / "large").is_dir() for p in left)
        living.communicate("\n", timeout=60)
    assert list(temporary.iterdir()) == [other]
