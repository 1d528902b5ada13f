"""Lists the tools: which version was found, its purpose and how to get it."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata

from boardless.core import paths
from boardless.core.errors import BoardlessError, install
from boardless.device import boards, emulators
from boardless.device.records import Board

BOOTSTRAP = "pip install boardless" if paths.INSTALLED else "./bootstrap"
INSTALL_PYTEST = "pip install pytest" if paths.INSTALLED else "./bootstrap"
FIX = "boardless doctor --fix" if paths.INSTALLED else "./bootstrap"


@dataclass(frozen=True)
class Tool:
    """One row: `found` is a version, "" where it is missing."""

    name: str
    found: str
    purpose: str
    get: str
    required: bool  # by the default `sim`
    debian: tuple[str, ...] = ()  # packages that bring it


def tools() -> list[Tool]:
    """Every tool, the required ones first."""
    python = platform.python_version()
    rows = [
        Tool(
            "python",
            python if sys.version_info >= (3, 11) else "",
            "everything",
            "3.11 or newer",
            True,
        ),
        _package("ai-edge-litert", "reference predictions", True),
        _package("platformio", "builds firmware", True),
        _package("scons", "PlatformIO's build engine", True),
        _program("gcc", "the fake board and kernel tests", ("gcc", "libc6-dev"), required=True),
    ]
    rows += _board_tools()
    rows += [
        _module("tensorflow", "nox -s train", "nox installs it where it is needed"),
        _package("tflite-micro", "--reference tflm", False),
        _module("pytest", "tests, also your own", INSTALL_PYTEST),
        _program("git", "comparing revisions", ("git",)),
        _program("gdb-multiarch", "debugging firmware", ("gdb-multiarch",)),
        _program("renode-test", "running the suites on Renode", get="https://renode.io"),
    ]
    return sorted(rows, key=lambda r: not r.required)


def lacking(rows: list[Tool], board_names: Sequence[str] = ()) -> list[str]:
    """Returns the Debian packages of what is missing: of required tools, and of all that some
    boards need."""
    wanted = [row for row in rows if row.required and not row.found]
    for name in board_names:
        board = boards.load(name)
        wanted += [row for row in _tools_of([board]) if not row.found]
    return list(dict.fromkeys(package for row in wanted for package in row.debian))


def _board_tools() -> list[Tool]:
    """Compilers and emulators of all boards, each once."""
    rows, found = [], []
    for name in boards.names():
        try:
            found.append(boards.load(name))
        except BoardlessError as error:
            rows.append(Tool(name, "", f"board {name}", str(error), True))
    return rows + _tools_of(found)


def _tools_of(chosen: Sequence[Board]) -> list[Tool]:
    rows = []
    users: dict[tuple[str, str], list[Board]] = {}  # (program, emulator or "") -> boards
    for board in chosen:
        if board.toolchain.prefix:
            users.setdefault((f"{board.toolchain.prefix}gcc", ""), []).append(board)
        for emulator, settings in board.emulators.items():
            if emulator not in ("fake", "serial_port"):
                program = getattr(settings, "title", getattr(settings, "program", emulator))
                users.setdefault((program, emulator), []).append(board)
    for (program, emulator), served in users.items():
        more = f" and {len(served) - 1} more" if len(served) > 1 else ""
        # One emulator of a board is enough, the best is named first.
        required = any(b.default and emulator in ("", *list(b.emulators)[:1]) for b in served)
        if emulator:
            purpose = f"emulates {served[0].name}{more}"
            rows.append(_emulator(emulator, program, served[0], purpose, required))
            rows += _counter(emulator, program, served[0])
        else:
            debian = served[0].toolchain.debian
            get, purpose = install(debian, served[0].name), f"firmware for {served[0].name}{more}"
            rows.append(_program(program, purpose, debian, get=get, required=required))
    return rows


def _package(name: str, purpose: str, required: bool) -> Tool:
    try:
        found = metadata.version(name)
    except metadata.PackageNotFoundError:
        found = ""
    return Tool(name, found, purpose, BOOTSTRAP, required)


def _module(name: str, purpose: str, get: str) -> Tool:
    found = ""
    if importlib.util.find_spec(name):  # without importing it: TensorFlow takes seconds
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            found = "yes"
    return Tool(name, found, purpose, get, False)


def _program(
    name: str, purpose: str, debian: tuple[str, ...] = (), *, get: str = "", required: bool = False
) -> Tool:
    found = ""
    if shutil.which(name):
        done = subprocess.run(
            [name, "--version"],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        found = (
            (done.stdout.splitlines() or ["yes"])[0].split(") ")[-1].removeprefix("git version ")
        )
    get = get or f"apt-get install {' '.join(debian)}"
    return Tool(name, found, purpose, get, required, debian)


def _emulator(name: str, program: str, board: Board, purpose: str, required: bool) -> Tool:
    debian = tuple(getattr(board.emulators[name], "debian", ()))
    try:
        return Tool(program, emulators.load(name).version(board), purpose, "", required, debian)
    except BoardlessError as error:
        return Tool(program, "", purpose, error.hint, required, debian)


def _counter(name: str, program: str, board: Board) -> list[Tool]:
    """The plugin that counts for cycles, where the emulator can have one."""
    find = getattr(emulators.load(name), "counter", None)
    if find is None:
        return []
    title = f"counting plugin of {program}"
    try:
        return [Tool(title, f"interface {find(board).interface}", "cycles", "", False)]
    except BoardlessError as error:
        return [Tool(title, "", "cycles", str(error).removeprefix("cycles not available: "), False)]
