"""The command that a failing property prints repeats the very case."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROPERTY = """
from hypothesis import given, settings, strategies as st

@settings(database=None, deadline=None, print_blob=True)
@given(x=st.integers(0, 10**9))
def test_small(x):
    print("tried", x)
    assert x < {limit}
"""


def run(folder: Path, case: str | None = None) -> tuple[int, str]:
    """(exit status, output) of a pytest of its own with the hooks of repeat.py."""
    environment = {k: v for k, v in os.environ.items() if k != "BOARDLESS_CASE"}
    environment["PYTHONPATH"] = str(Path(__file__).resolve().parents[1])
    if case is not None:
        environment["BOARDLESS_CASE"] = case
    options = ["-q", "-s", "--rootdir", str(folder), "-c", str(folder / "pytest.ini")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-p", "properties.repeat", "test_small.py"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_small.py").write_text(PROPERTY.format(limit=1000))
    return tmp_path


def printed(output: str) -> str:
    found = re.search(r"^BOARDLESS_CASE=(\S+) pytest 'test_small.py::test_small'$", output, re.M)
    assert found, output
    return found.group(1)


def test_the_command_repeats_the_shrunk_case_alone(folder: Path) -> None:
    status, output = run(folder)
    assert status == 1
    status, again = run(folder, printed(output))
    assert status == 1
    assert set(re.findall(r"tried \d+", again)) == {"tried 1000"}
    assert printed(again) == printed(output)


def test_it_passes_once_the_bug_is_mended(folder: Path) -> None:
    _, output = run(folder)
    (folder / "test_small.py").write_text(PROPERTY.format(limit=10**10))
    status, again = run(folder, printed(output))
    assert status == 0
    assert set(re.findall(r"tried \d+", again)) == {"tried 1000"}


def test_a_blob_of_other_strategies_says_so(folder: Path) -> None:
    _, output = run(folder)
    longer = PROPERTY.replace("integers(0, 10**9)", "tuples(*[st.integers()] * 5)")
    (folder / "test_small.py").write_text(longer.format(limit="()"))
    status, again = run(folder, printed(output))
    assert status == 1
    assert "BOARDLESS_CASE does not fit this test" in again


def test_a_damaged_blob_says_so(folder: Path) -> None:
    status, output = run(folder, "no base64")
    assert status == 1
    assert "BOARDLESS_CASE is damaged" in output
