"""The counting plugin of QEMU: built here with the host's gcc, chosen by trying it, started.

    plugin = find("qemu-system-arm")             # ToolMissing says why there are no cycles
    with Counter(plugin, cuts) as counter:
        ...                                      # QEMU with counter.arguments and counter.files
        recording = counter.read()               # when it has ended

QEMU's plugin interface has changed without remaining compatible, so there is one library per
interface, from one source.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO

import numpy as np

from boardless.core import files, paths
from boardless.core.closing import Closing
from boardless.core.errors import BadInput, ToolFailed, ToolMissing
from boardless.core.programs import program_version
from boardless.cycles import recording

SOURCES = Path(__file__).parent
INTERFACES = (1, 3, 4, 5, 6, 7)  # plugin/abi.h says which QEMU has which
FLAGS = (
    *("-std=c11", "-D_GNU_SOURCE", "-O3", "-Wall", "-Wextra", "-Werror"),
    *("-fPIC", "-shared", "-fvisibility=hidden", "-Wl,-z,now"),
)
GCC_SECONDS, PROBE_SECONDS = 120, 60  # only guard a hang


@dataclass(frozen=True)
class Plugin:
    """A library that this QEMU has loaded once."""

    path: Path
    interface: int


@cache
def find(program: str, debian: tuple[str, ...] = ()) -> Plugin:
    """The plugin for QEMU's `program`, built and tried where it has not been yet; ToolMissing
    says in one line why there is none."""
    version = program_version([program, "--version"], debian)
    key = hashlib.sha256(f"{shutil.which(program)}\0{version}\0{_sources_hash()}".encode())
    memory = _folder() / f"probe-{key.hexdigest()[:16]}.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(memory.read_text())
        plugin = Plugin(Path(known["path"]), int(known["interface"]))
        # QEMU runs its code: no file elsewhere is taken for it.
        ours = plugin.path.resolve().parent == _folder().resolve()
        if ours and plugin.path.is_file():
            return plugin
    problems = []
    for interface in _likely(version):
        path = build(interface)
        problem = _probe(program, path)
        problems.append(problem)
        if not problem:
            about = json.dumps({"path": str(path), "interface": interface}) + "\n"
            files.replace(memory, about.encode())
            return Plugin(path, interface)
    raise ToolMissing(
        f"cycles not available: {program} (QEMU {version.split('version ')[-1]}) takes no plugin: "
        f"{problems[0]}",
        hint="install a QEMU with TCG plugins, such as Debian's",
    )


def _likely(version: str) -> Sequence[int]:
    """All interfaces, those that this version should have first."""
    digits = version.split("version ")[-1].split(".")[0]
    major = int(digits) if digits.isdigit() else 0
    wanted = 1 if major < 9 else 3 if major < 11 else 7
    return sorted(INTERFACES, key=lambda i: i != wanted)


def build(interface: int) -> Path:
    """The library for one interface, compiled where it is not there yet."""
    path = _folder() / f"count-{interface}-{_sources_hash()}.so"
    if path.is_file():
        return path
    if shutil.which("gcc") is None:
        raise ToolMissing(
            "cycles not available: gcc is not installed", hint="apt-get install gcc libc6-dev"
        )
    with _locked(path.parent):
        if path.is_file():
            return path
        made = path.with_suffix(f".{os.getpid()}")
        sources = [str(p) for p in sorted(SOURCES.glob("*.c"))]
        command = ["gcc", *FLAGS, f"-DAPI={interface}", "-o", str(made), *sources]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=GCC_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ToolMissing(f"cycles not available: gcc: {error}") from error
        if done.returncode:
            lines = [x for x in done.stderr.splitlines() if "error:" in x] or [done.stderr[:300]]
            raise ToolMissing(f"cycles not available: gcc cannot build the plugin: {lines[0]}")
        made.replace(path)
    return path


def lend(root: Path) -> None:
    """Gives the libraries that are there to another build folder, of a revision or of a copy of the
    checkout: each is found by the content of its sources."""
    target = root / _folder().name
    for library in _folder().glob("count-*.so"):
        if not (target / library.name).exists():
            target.mkdir(parents=True, exist_ok=True)
            files.replace(target / library.name, library.read_bytes())
            (target / library.name).chmod(0o755)


def _probe(program: str, path: Path) -> str:
    """Starts QEMU with the plugin, which ends it at once; "" or what QEMU says against it."""
    command = [program, "-M", "none", "-display", "none", "-plugin", f"{_escaped(path)},probe=on"]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0 and done.stdout.startswith("boardless counter: interface"):
        return ""
    lines = (done.stderr or done.stdout).strip().splitlines()
    return lines[0] if lines else f"status {done.returncode}"


def _escaped(path: Path) -> str:
    """Returns a path as a value among QEMU's options."""
    return str(path).replace(",", ",,")


@cache
def _sources_hash() -> str:
    digest = hashlib.sha256(" ".join(FLAGS).encode())
    for path in sorted(SOURCES.glob("*.[ch]")):
        content = path.read_bytes()
        digest.update(f"{path.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def _folder() -> Path:
    folder = paths.build_root() / "plugin"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"cannot write here ({error.strerror})",
            where=str(folder),
            hint="fix the permissions, or set BOARDLESS_BUILD_DIR",
        ) from error
    return folder


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True)
class Cuts:
    """The ends of segments: within `ranges` behind the instructions at `addresses`, outside of them
    behind every instruction."""

    ranges: tuple[tuple[int, int], ...] = ()  # (low, high without high)
    addresses: tuple[int, ...] = ()  # of instructions that may access memory

    def encode(self) -> bytes:
        words = [len(self.ranges), len(self.addresses)]
        words += [word for pair in self.ranges for word in pair]
        return np.array([*words, *sorted(self.addresses)], "<u8").tobytes()


@dataclass(frozen=True)
class Watch:
    """The borders of regions; ranges are of code addresses, the high end not included."""

    marks: tuple[int, int, int, int] | None = None  # address, words, code range that stores
    start: tuple[int, int] | None = None  # code that writes to a device: a pass begins
    stop: tuple[int, int] | None = None  # code that reads a device: a pass ends
    start_at: tuple[int, ...] = ()  # or: a pass begins before this instruction
    stop_at: tuple[int, ...] = ()
    memory: tuple[tuple[int, int], ...] = ()  # what is no device
    regions: tuple[tuple[int, int], ...] = ()  # or: from one instruction to another
    handlers: tuple[int, ...] = ()  # where interrupt handlers begin
    leaves: tuple[int, ...] = ()  # instructions by which they return
    caches: tuple[str, ...] = ()  # plugin/cache.h

    def arguments(self) -> list[str]:
        words = []
        for name, values in (
            ("marks", [self.marks] if self.marks else []),
            ("start", [self.start] if self.start else []),
            ("stop", [self.stop] if self.stop else []),
            ("start_at", [(a,) for a in self.start_at]),
            ("stop_at", [(a,) for a in self.stop_at]),
            ("memory", self.memory),
            ("region", self.regions),
            ("handler", [(h,) for h in self.handlers]),
            ("leave", [(a,) for a in self.leaves]),
        ):
            words += [f"{name}={':'.join(hex(n) for n in numbers)}" for numbers in values]
        return words + [f"cache={text}" for text in self.caches]


@dataclass
class Counter(Closing):
    """One run to be counted: nameless files, so nothing is left behind whatever happens."""

    plugin: Plugin
    cuts: Cuts
    watch: Watch
    where: str = "counts"  # for messages
    out: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    cuts_file: IO[bytes] = field(default_factory=tempfile.TemporaryFile)

    def __post_init__(self) -> None:
        self.cuts_file.write(self.cuts.encode())
        self.cuts_file.flush()

    @property
    def descriptors(self) -> list[int]:
        """The descriptors that QEMU inherits, with the same numbers."""
        return [self.out.fileno(), self.cuts_file.fileno()]

    @property
    def arguments(self) -> list[str]:
        """Returns the arguments for QEMU's command line."""
        words = [f"fd={self.out.fileno()}", f"cuts={self.cuts_file.fileno()}"]
        return ["-plugin", ",".join([_escaped(self.plugin.path), *words, *self.watch.arguments()])]

    def read(self) -> recording.Recording:
        """Returns the recording, once QEMU has ended."""
        try:
            self.out.seek(0)
            return recording.read(self.out.read(), self.where)
        except OSError as error:
            raise ToolFailed(f"cannot read the counts: {error}", where=self.where) from error

    def close(self) -> None:
        self.out.close()
        self.cuts_file.close()
