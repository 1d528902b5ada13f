"""Lists the tools: which version was found, its purpose and how to get it."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata

from boardless.core.errors import BoardlessError, install
from boardless.device import boards, emulators
from boardless.device.records import Board

BOOTSTRAP = "./bootstrap"


@dataclass(frozen=True)
class Tool:
    """One row: `found` is a version, "" where it is missing."""

    name: str
    found: str
    purpose: str
    get: str
    required: bool  # by the default `sim`


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
        _program("gcc", "the fake board and kernel tests", "apt-get install gcc libc6-dev", True),
    ]
    rows += _board_tools()
    rows += [
        _module("tensorflow", "nox -s train", "nox installs it where it is needed"),
        _package("tflite-micro", "--reference tflm", False),
        _module("pytest", "nox -s tests", BOOTSTRAP),
        _program("git", "comparing revisions", "apt-get install git", False),
        _program("gdb-multiarch", "debugging firmware", "apt-get install gdb-multiarch", False),
        _program("renode-test", "running the suites on Renode", "https://renode.io", False),
    ]
    return sorted(rows, key=lambda r: not r.required)


def _board_tools() -> list[Tool]:
    """Compilers and emulators of all boards, each once."""
    rows = []
    users: dict[tuple[str, str], list[Board]] = {}  # (program, emulator or "") -> boards
    for name in boards.names():
        try:
            board = boards.load(name)
        except BoardlessError as error:
            rows.append(Tool(name, "", f"board {name}", str(error), True))
            continue
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
            get = install(served[0].toolchain.debian, served[0].name)
            rows.append(_program(program, f"firmware for {served[0].name}{more}", get, required))
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


def _program(name: str, purpose: str, get: str, required: bool) -> Tool:
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
    return Tool(name, found, purpose, get, required)


def _emulator(name: str, program: str, board: Board, purpose: str, required: bool) -> Tool:
    try:
        return Tool(program, emulators.load(name).version(board), purpose, "", required)
    except BoardlessError as error:
        return Tool(program, "", purpose, error.hint, required)


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
