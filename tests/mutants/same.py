"""Finds changes that change nothing: the compiler makes the same code with them as without. No case
can catch them, so that they do not count.

same = same_code(changes)
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from boardless.core import paths

from mutants import edits, program
from mutants.program import Change

COMMAND = ["gcc", "-std=c11", "-O2", "-w", "-c"]
INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)


def same_code(changes: Sequence[Change]) -> set[Change]:
    """Those of the changes with which all sources that include their file give the same object."""
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return {c for c, same in zip(changes, pool.map(_is_same, changes), strict=True) if same}


def _is_same(change: Change) -> bool:
    path = paths.KERNELS / change.file
    changed = edits.made(path.read_text(), change.edit)
    with tempfile.TemporaryDirectory() as folder:
        return all(
            _object(source, Path(folder), path, changed) == _known(source)
            for source in _sources(path)
        )


def _sources(path: Path) -> list[Path]:
    """The sources that include a file, or are it."""
    return [source for source in program.sources() if path in _files(source)]


@cache
def _files(path: Path) -> frozenset[Path]:
    """A file and those that it includes, of the kernels."""
    found = {path}
    for name in INCLUDE.findall(path.read_text()):
        for place in (path.parent / name, paths.KERNELS / name):
            if place.is_file():
                found |= _files(place)
                break
    return frozenset(found)


@cache
def _known(source: Path) -> bytes:
    """The object of a source as it is."""
    with tempfile.TemporaryDirectory() as folder:
        return _object(source, Path(folder), source, source.read_text())


def _object(source: Path, tree: Path, path: Path, text: str) -> bytes:
    """The object of a source, made in an empty folder or one of another source, where a file has
    this text; empty if it does not compile."""
    for file in [source, *paths.KERNELS.rglob("*.h")]:
        copy = tree / file.relative_to(paths.KERNELS)
        if not copy.exists():
            copy.parent.mkdir(exist_ok=True)
            copy.write_text(text if file == path else file.read_text())
    name = str(source.relative_to(paths.KERNELS))
    done = subprocess.run(
        [*COMMAND, "-I.", name, "-o", "made.o"], cwd=tree, capture_output=True, check=False
    )
    return (tree / "made.o").read_bytes() if done.returncode == 0 else b""
