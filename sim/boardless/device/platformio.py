"""Runs PlatformIO, one build of a board at a time, and says what went wrong.

with place(board) as here:
    elfs, log = here.run([Path("generated")], Path("build.log"))
    here.settle()

All models of a board share one folder of objects. SCons knows which are up to date, but only where
its last build there ended well: one that was killed leaves objects that are newer than its notes,
and it takes them for those of sources that are checked out later. So a note of our own lies in the
folder except while it is being built in, and a folder without one is made anew.

SCons also keeps each object that does not depend on the model under a digest of what it was made
of: PlatformIO empties its folder when a source file is added or removed, and whoever goes back to
older sources needs their objects again.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from boardless.core import children, files, paths
from boardless.core.errors import ToolFailed
from boardless.device import compilers, recipe
from boardless.device.records import Board

ENVIRONMENT = "any_board"  # of platformio.ini
ELF = "firmware.elf"
OBJECTS = "objects"
MOST_OBJECTS = 1_000  # that are kept, those used last; a board has about 70 of some 20 kB
# As `-m platformio`, but garbage is not looked for, which takes a fifth of its time.
START = "import atexit, gc, runpy; gc.disable(); atexit.register(gc.freeze); "
START += "runpy.run_module('platformio', run_name='__main__', alter_sys=True)"
# Seconds without a word, after which a build hangs. One of others' sources may take many minutes on
# a busy machine, but each file that is compiled is a line.
SILENCE = 600
DAMAGED = r"not recognized|truncated|malformed"  # what the linker says of a damaged object
ENDED = r"(?m)^\*\*\* \["  # what SCons says of a target that failed; it then writes its notes


@contextlib.contextmanager
def locked(path: Path) -> Iterator[int]:
    """Holds a lock on a file and gives its descriptor. The kernel releases it when all processes
    that were given it have ended, however they end."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield file.fileno()
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)  # a forked child may have the file open, too


@contextlib.contextmanager
def place(board: Board) -> Iterator[Place]:
    """Gives the folder in which PlatformIO builds for a board; nobody else builds in it meanwhile.
    What is built in it goes before the next build, unless this one calls `settle`."""
    folder = paths.build_root() / "pio" / board.name
    folder.mkdir(parents=True, exist_ok=True)
    files.check_inside(folder, paths.build_root())
    with locked(folder / "lock") as lock:
        here = Place(board, folder, lock)
        if not here.is_settled():
            here.empty()
        here.note.unlink(missing_ok=True)
        yield here


def lend(board: str, root: Path) -> None:
    """Gives a board's objects to another build folder that has none of it: of a revision, or of a
    copy of the checkout. SCons finds them there by what they were made of, so only what differs is
    compiled."""
    ours, theirs = paths.build_root() / "pio" / board, root / "pio" / board
    if theirs.exists() or not (ours / "settled").is_file() or not (ours / OBJECTS).is_dir():
        return
    with locked(ours / "lock"):
        try:
            note = (ours / "settled").read_bytes()
        except OSError:  # somebody's build was interrupted while we waited
            return
        ignored = shutil.ignore_patterns(".sconsign*")
        shutil.copytree(ours / OBJECTS, theirs / OBJECTS, copy_function=_link, ignore=ignored)
        (theirs / "settled").write_bytes(note)


def _link(source: str, target: str) -> None:
    """Copies an object as a second name of it: SCons never writes into one."""
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copyfile(source, target)


@dataclass(frozen=True)
class Place:
    """The folder of a board's objects and of all else that PlatformIO writes, under its lock."""

    board: Board
    folder: Path
    lock: int  # descriptor

    @property
    def note(self) -> Path:
        """Returns the file that is there if the objects can be built upon. It says what SCons does
        not look at."""
        return self.folder / "settled"

    def is_settled(self) -> bool:
        try:
            return self.note.read_bytes() == self._surroundings()
        except OSError:
            return False

    def settle(self) -> None:
        """Says that no source has changed while the objects were compiled."""
        objects = [path for path in (self.folder / OBJECTS).glob("??/*") if path.is_file()]
        for path in sorted(objects, key=_time, reverse=True)[MOST_OBJECTS:]:
            path.unlink()
        self.note.write_bytes(self._surroundings())

    def empty(self) -> None:
        """Removes all that was built."""
        for name in ("build", OBJECTS, "core", "workspace"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    def _surroundings(self) -> bytes:
        return f"{compilers.state(self.board)}\n{compilers.variables(os.environ)}".encode()

    def run(self, generated: Sequence[Path], log: Path) -> tuple[list[Path | None], str]:
        """Returns (the ELF of each folder of generated sources, or None; what PlatformIO
        printed)."""
        elfs, said = self._run(generated, log)
        if None in elfs and re.search(DAMAGED, said):
            self.empty()
            elfs, said = self._run(generated, log)
        if None in elfs and not re.search(ENDED, said):
            self.empty()
        return elfs, said

    def linker_output(self, generated: Path) -> str:
        """Returns what the linker of a model printed in the last `run`, "" if it did not run."""
        try:
            return _linked(self._elf(generated)).read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def _elf(self, generated: Path) -> Path:
        return self.folder / "build" / ENVIRONMENT / generated.parent.name / ELF

    def _run(self, generated: Sequence[Path], log: Path) -> tuple[list[Path | None], str]:
        build = self.folder / "build"
        elfs = [self._elf(path) for path in generated]
        whole = [elf.with_name(f"{ELF}.whole") for elf in elfs]
        for path in (*elfs, *whole, *map(_linked, elfs)):
            path.unlink(missing_ok=True)
        for link in (self.folder / "core" / "platforms").glob("*.pio-link"):
            if json.dumps(str(paths.project())) not in link.read_text():
                link.unlink()  # the checkout was moved or copied: it is that of the other place
        about = self.folder / "recipe.json"
        about.write_text(json.dumps(recipe.of(self.board, generated)), encoding="utf-8")
        environment = compilers.environment() | {
            "BOARDLESS_RECIPE": str(about),
            "BOARDLESS_BOARD": self.board.name,
            "BOARDLESS_GENERATED": "\n".join(map(str, generated)),
            "PLATFORMIO_BUILD_DIR": str(build),
            "PLATFORMIO_BUILD_CACHE_DIR": str(self.folder / OBJECTS),
            "PLATFORMIO_WORKSPACE_DIR": str(self.folder / "workspace"),
            "PLATFORMIO_CORE_DIR": str(self.folder / "core"),
            "PLATFORMIO_DISABLE_UPGRADE_CHECK": "true",
            "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no",
            "PLATFORMIO_DISABLE_PROGRESSBAR": "true",
            "SOURCE_DATE_EPOCH": "0",
            # A model that does not fit takes no other with it.
            "SCONSFLAGS": "--keep-going" if len(generated) > 1 else "",
        }
        # A compiler that is killed leaves its temporary files, which go before the next build.
        temporary = self.folder / "tmp"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        environment["TMPDIR"] = str(temporary)
        command = [sys.executable, "-c", START, "run", "-d", str(paths.project())]
        command += ["-e", ENVIRONMENT]
        # If we are killed, the lock stays until the last compiler has ended.
        lock = fcntl.fcntl(self.lock, fcntl.F_DUPFD_CLOEXEC, 10)  # a shell uses those below 10
        try:
            with (
                log.open("wb") as out,
                children.group(
                    children.guarded_group(command),
                    env=environment,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    pass_fds=(lock,),
                ) as process,
            ):
                _wait(process, log)
        except OSError as error:
            raise ToolFailed(f"PlatformIO did not finish: {error}", hint=f"see {log}") from error
        finally:
            os.close(lock)
        made = [elf if path.is_file() else None for elf, path in zip(elfs, whole, strict=True)]
        return made, log.read_text(errors="replace")


def _wait(process: subprocess.Popen[bytes], log: Path) -> None:
    """Waits for the end of a process that writes to `log`; ToolFailed where it is silent for too
    long."""
    size, since = -1, time.monotonic()
    while time.monotonic() - since < SILENCE:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(min(1.0, SILENCE))
            return
        before, size = size, log.stat().st_size
        if size != before:
            since = time.monotonic()
    raise ToolFailed(f"PlatformIO has printed nothing for {SILENCE:g} s", hint=f"see {log}")


def _time(path: Path) -> int:
    return path.stat().st_mtime_ns


def _linked(elf: Path) -> Path:
    """Returns the file into which firmware/platform writes what the linker of an ELF prints."""
    return elf.with_name(f"{ELF}.printed")


def missing_memory(log: str) -> dict[str, int]:
    """Returns how many bytes too small the linker found each memory region."""
    found = re.findall(r"region `?(\w+)'? overflowed by (\d+) bytes", log)
    return {name: int(count) for name, count in found}


def first_error(log: str) -> str:
    """Returns the line of a build log that says most."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    for pattern in (
        r"No space left on device|will not fit|overflowed by",
        r"(?<!collect2: )\b(fatal )?error:|undefined reference|not recognized|cannot ",
        r"^(?!.*Traceback).*Error",
    ):
        for line in lines:
            if re.search(pattern, line):
                return line[:300]
    return lines[-1][:300] if lines else "PlatformIO failed without output"
