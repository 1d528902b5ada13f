"""A short, fixed run of the fuzzer over every reader, and all cases that it ever found.

`nox -s fuzz` runs it for longer, with new cases.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from fuzz.harness import FOUND, attempt, cases, name_of
from fuzz.targets import TARGETS

COUNT = {"tflite": 60, "backtrace": 40, "sweep": 80}  # of slow readers; others get
USUAL = 200


@pytest.mark.parametrize("name", TARGETS)
def test_changed_files(name: str, tmp_path: Path) -> None:
    target = TARGETS[name]
    source = cases(target, random.Random(1))
    for _ in range(COUNT.get(name, USUAL)):
        content = next(source)
        try:
            attempt(target, content, tmp_path)
        except Exception:
            print(f"{name} {name_of(content)}, which begins {content[:40]!r}")
            raise


@pytest.mark.parametrize("name", TARGETS)
def test_what_a_run_begins_with_is_accepted(name: str, tmp_path: Path) -> None:
    """Else nothing behind the first check would be reached."""
    for content in TARGETS[name].seeds():
        assert attempt(TARGETS[name], content, tmp_path) == ""


@pytest.mark.parametrize(
    "path", sorted(FOUND.glob("*/*")), ids=lambda path: f"{path.parent.name}-{path.name}"
)
def test_what_was_found(path: Path, tmp_path: Path) -> None:
    attempt(TARGETS[path.parent.name], path.read_bytes(), tmp_path)
