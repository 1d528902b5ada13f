"""Builds of the firmware's sources for tests, in the build folder: nothing is built twice, and
nothing is left in the system's temporary folder.

with kept.folder("host-kernels", FLAGS) as folder:
    if not (folder / "all.o").is_file(): ...
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from boardless.core import paths
from boardless.device import platformio
from boardless.device.plugin import counter

SOURCES = (".c", ".h", ".ld")
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]', re.MULTILINE)


@contextlib.contextmanager
def folder(name: str, *made_with: object, of: tuple[str, ...] = SOURCES) -> Iterator[Path]:
    """One for each state of the sources, or those that end as `of` says, and of `made_with`, such
    as a command with its compiler's version. With pytest-xdist one worker builds, the others
    wait."""
    digest = hashlib.sha256(repr(made_with).encode() + _sources(of))
    found = paths.build_root() / "tests" / f"{name}-{digest.hexdigest()[:12]}"
    found.mkdir(parents=True, exist_ok=True)
    with (found / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield found


def compiled(command: Sequence[str], source: Path, target: Path) -> None:
    """Makes the object of a source, or takes the one that was made of the same: the command, the
    compiler, and the content of the source and of all headers that it includes."""
    digest = hashlib.sha256(version(command[0]).encode())
    folders = [Path(word[2:]) for word in command if word.startswith("-I")]
    names = [word.replace(str(paths.ROOT), ".") for word in command]
    for path in (source, *included(source, folders)):
        names.append(str(path).replace(str(paths.ROOT), "."))
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    digest.update(repr(names).encode())
    known = objects() / f"{digest.hexdigest()}.o"
    if not known.is_file():
        known.parent.mkdir(parents=True, exist_ok=True)
        half = known.with_suffix(f".{os.getpid()}")
        run([*command, "-c", str(source), "-o", str(half)])
        half.rename(known)
    shutil.copyfile(known, target)


def all_compiled(command: Sequence[str], targets: Mapping[Path, Path]) -> None:
    """Makes the object of each source, by as many compilers at a time as there are processors: who
    else needs the objects waits for this."""
    processors = len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(processors) as pool:
        for _ in pool.map(lambda source: compiled(command, source, targets[source]), targets):
            pass  # what a thread raised is raised here


def objects() -> Path:
    """Returns the folder of the objects that `compiled` makes."""
    return paths.build_root() / "tests" / "objects"


def included(source: Path, folders: Sequence[Path]) -> list[Path]:
    """Returns our headers that a source includes, also those that a condition leaves out."""
    found: dict[Path, None] = {}
    waiting = [source]
    while waiting:
        path = waiting.pop()
        for name in INCLUDE.findall(path.read_text()):
            places = (folder / name for folder in (path.parent, *folders))
            header = next((place for place in places if place.is_file()), None)
            if header and header not in found:
                found[header] = None
                waiting.append(header)
    return sorted(found)


def share_objects(copy: Path, boards: Iterable[str]) -> None:
    """Gives the checkout's objects of these boards to a copy of the checkout."""
    share_with(copy / "build", boards)


def share_with(build: Path, boards: Iterable[str]) -> None:
    """Gives another build folder the checkout's objects of these boards, and what counts."""
    for name in boards:
        platformio.lend(name, build)
    counter.lend(build)


@functools.cache
def _sources(endings: tuple[str, ...]) -> bytes:
    digest = hashlib.sha256()
    for path in sorted(paths.FIRMWARE.rglob("*")):
        if path.suffix in endings:
            digest.update(f"{path.relative_to(paths.FIRMWARE)}\0".encode() + path.read_bytes())
    return digest.digest()


def run(command: list[str]) -> str:
    """Returns the output of a tool; a failure contains its errors."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr}"
    return done.stdout


@functools.cache
def version(compiler: str) -> str:
    return run([compiler, "--version"])
