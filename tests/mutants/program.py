"""Builds the kernels with all changes in them as one program of this machine, and runs the cases
with each change.

built = program.build(["relu"])
results = program.run(built, cases.file(["relu"]))
"""

from __future__ import annotations

import os
import pickle
import re
import subprocess
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import kept
from boardless.core import paths
from properties import records

from mutants import edits
from mutants.edits import Edit

HERE = Path(__file__).parent
MADE_BY = ("edits.py", "program.py", "program.c", "program.h")
SHARED = "shared"  # the headers that belong to no operator
MARKER = re.compile(r'^# (\d+) "([^"]+)"')
ERROR = re.compile(r"^(?:In file included from )?([^\s:]+):(\d+)(?::\d+)?:? (?:fatal )?error", re.M)
FLAGS = [
    *("-std=c11", "-O0", "-w", "-fno-omit-frame-pointer", "-include", str(HERE / "program.h")),
    *("-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all"),
]


@dataclass(frozen=True)
class Change:
    """A change of a file, with the text of its line."""

    file: str  # within firmware/kernels
    edit: Edit
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.edit.line}: {self.edit.what}: {self.text}"


@dataclass(frozen=True)
class Built:
    elf: Path
    changes: dict[int, Change]  # by the number that the program knows it by


@dataclass(frozen=True)
class Result:
    change: Change
    caught: bool
    reached: int  # by how many records


def folders() -> list[str]:
    """Returns the folders of kernels with a source that runs on this machine, and `shared` for the
    headers that they share."""
    return [*sorted({path.parent.name for path in sources()}), SHARED]


def headers() -> list[str]:
    """Returns the headers that kernels of several folders share: each can be tried by its name."""
    return sorted(path.name for path in paths.KERNELS.glob("*.h"))


def sources() -> list[Path]:
    """The kernels that run on this machine."""
    endings = ("ref", *records.HOST_VARIANTS)
    found = sorted(paths.KERNELS.rglob("*.c"))
    return [path for path in found if path.stem.rsplit("_", 1)[-1] in endings]


def build(names: Collection[str]) -> Built:
    """The program with the changes of these folders or shared headers."""
    own = [(HERE / name).read_bytes() for name in MADE_BY]
    key = (FLAGS, own, sorted(names), kept.version("gcc"))
    with kept.folder("mutants-program", *key) as folder:
        done = folder / "changes.pickle"
        if not done.is_file():
            changes = _build(folder, names)
            done.write_bytes(pickle.dumps(changes))
        return Built(folder / "program.elf", pickle.loads(done.read_bytes()))


def _build(folder: Path, names: Collection[str]) -> dict[int, Change]:
    tree = folder / "kernels"
    command = ["gcc", *FLAGS, f"-I{tree}", *records.INCLUDES]
    for path in paths.KERNELS.rglob("*.[ch]"):
        copy = tree / path.relative_to(paths.KERNELS)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    others = [path for path in sources() if not has(path, names)]
    copies = [tree / p.relative_to(paths.KERNELS) for p in sources() if p not in others]
    lines = _compiled_lines(command, copies)
    wanted = {
        path: lines[path]
        for path in sorted(lines)
        if path.is_relative_to(tree) and names_of(tree, path) & {*names}
    }
    texts = {path: path.read_text() for path in wanted}
    changes = [
        Change(str(path.relative_to(tree)), edit, texts[path].splitlines()[edit.line - 1].strip())
        for path in wanted
        for edit in edits.find(texts[path], wanted[path])
    ]
    numbers: dict[Path, list[int]] = defaultdict(list)  # of the changes that compile
    for number, change in enumerate(changes, 1):
        numbers[tree / change.file].append(number)
    waiting = {path: folder / f"{path.parent.name}-{path.stem}.o" for path in copies}
    again, touched = set(waiting), set(numbers)
    while again:
        for path in touched:
            several = [(changes[number - 1].edit, number) for number in numbers[path]]
            path.write_text(edits.applied(texts[path], several))
        wrong = _compile(command, {path: waiting[path] for path in again})
        again, touched = set(wrong), set()
        for name, line in {place for places in wrong.values() for place in places}:
            path = Path(name)
            left = [n for n in numbers[path] if changes[n - 1].edit.line != line]
            assert len(left) < len(numbers[path]), f"{name}:{line} does not compile"
            numbers[path] = left
            touched.add(path)
    unchanged = {path: folder / f"{path.parent.name}-{path.stem}.o" for path in others}
    kept.all_compiled(["gcc", *records.HOST_FLAGS, *records.INCLUDES, "-g1"], unchanged)
    functions = records.host().functions
    dispatch = folder / "dispatch.c"
    dispatch.write_text(records.dispatch_source(functions))
    rest = [dispatch, HERE / "program.c", records.APP / "probe.c"]
    rest += sorted((paths.FIRMWARE / "protocol").glob("*.c"))
    objects = [str(target) for target in (*waiting.values(), *unchanged.values())]
    kept.run([*command, *map(str, rest), *objects, "-lm", "-o", str(folder / "program.elf")])
    return {n: changes[n - 1] for several in numbers.values() for n in several}


def names_of(kernels: Path, path: Path) -> set[str]:
    """Returns the names that a file's changes can be asked for by: its folder's, or those of all
    shared headers and of this one."""
    return {path.parent.name} if path.parent != kernels else {SHARED, path.name}


def has(source: Path, names: Collection[str]) -> bool:
    """The source is of one of these folders, or includes a header of one, or one of the headers."""
    files = [source, *kept.included(source, [paths.KERNELS])]
    return any(names_of(paths.KERNELS, path) & {*names} for path in files)


def _compiled_lines(command: Sequence[str], files: Sequence[Path]) -> dict[Path, set[int]]:
    """The lines of each file that no condition of the preprocessor leaves out."""
    found: dict[Path, set[int]] = defaultdict(set)

    def preprocessed(path: Path) -> str:
        return kept.run([*command, "-E", str(path)])

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for text in pool.map(preprocessed, files):
            path, line = Path(), 0
            for row in text.splitlines():
                if marker := MARKER.match(row):
                    line, path = int(marker.group(1)), Path(marker.group(2))
                else:
                    if row.strip():
                        found[path].add(line)
                    line += 1
    return dict(found)


def _compile(
    command: Sequence[str], targets: Mapping[Path, Path]
) -> dict[Path, set[tuple[str, int]]]:
    """Compiles sources, and returns for those that fail the lines: (path, line)."""

    def one(path: Path) -> set[tuple[str, int]]:
        done = subprocess.run(
            [*command, "-c", str(path), "-o", str(targets[path])],
            capture_output=True,
            text=True,
            check=False,
        )
        wrong = {(name, int(line)) for name, line in ERROR.findall(done.stderr)}
        assert wrong or done.returncode == 0, done.stderr
        return wrong if done.returncode else set()

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        found = zip(targets, pool.map(one, targets), strict=True)
        return {path: wrong for path, wrong in found if wrong}


def run(built: Built, cases: Path, numbers: Iterable[int] = ()) -> list[Result]:
    """Says of each change, or of those of these numbers, whether the cases catch it."""
    chosen = [*numbers] or sorted(built.changes)
    processes = min(len(os.sched_getaffinity(0)), len(chosen))
    running = [
        subprocess.Popen(
            [str(built.elf), str(cases), *map(str, chosen[i::processes])],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=records.sanitizer_environment()
            | {
                "ASAN_OPTIONS": "detect_leaks=0:exitcode=99:symbolize=0:print_legend=0"
                ":quarantine_size_mb=0",  # a fork copies the tables of what waits there
                "UBSAN_OPTIONS": "print_stacktrace=0:symbolize=0",
            },
        )
        for i in range(processes)
    ]
    outputs = [process.communicate()[0] for process in running]
    assert not any(process.returncode for process in running), "the program ended early"
    return sorted(_results(built, outputs), key=lambda r: (r.change.file, r.change.edit.line))


def _results(built: Built, outputs: Iterable[str]) -> list[Result]:
    found = []
    for text in outputs:
        for row in text.splitlines():
            number, caught, reached = map(int, row.split())
            found.append(Result(built.changes[number], caught == 1, reached))
    return found
