"""What is installed, which version, what it is for and how to get it."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata

from boardless import boards, emulators
from boardless.errors import BoardlessError

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
    for name in boards.names():
        try:
            board = boards.load(name)
        except BoardlessError as error:
            rows.append(Tool(name, "", f"board {name}", str(error), True))
            continue
        gcc = f"{board.toolchain.prefix}gcc"
        get = f"apt-get install {' '.join(board.toolchain.debian)}, or {BOOTSTRAP}"
        if board.toolchain.prefix:
            rows.append(_program(gcc, f"firmware for {name}", get, board.default))
        for i, emulator in enumerate(board.emulators):  # one of them is enough, best first
            if emulator not in ("fake", "serial_port"):
                rows.append(_emulator(emulator, name, board.default and i == 0))
                rows += _counter(emulator, name)
    rows += [
        _module("tensorflow", "nox -s train", "nox installs it where it is needed"),
        _module("pytest", "nox -s tests", BOOTSTRAP),
        _program("git", "comparing revisions", "apt-get install git", False),
        _program("gdb-multiarch", "debugging firmware", "apt-get install gdb-multiarch", False),
        _program("renode-test", "running the suites on Renode", "https://renode.io", False),
    ]
    unique = {row.name: row for row in reversed(rows)}
    return sorted(
        (unique[n] for n in dict.fromkeys(r.name for r in rows)), key=lambda r: not r.required
    )


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


def _emulator(name: str, board_name: str, required: bool) -> Tool:
    board = boards.load(board_name)
    program = getattr(board.emulators[name], "program", name)  # such as qemu-system-arm
    purpose = f"emulates {board_name}"
    try:
        return Tool(program, emulators.load(name).version(board), purpose, "", required)
    except BoardlessError as error:
        return Tool(program, "", purpose, error.hint, required)


def _counter(name: str, board_name: str) -> list[Tool]:
    """The plugin that counts for cycles, where the emulator can have one."""
    find = getattr(emulators.load(name), "counter", None)
    if find is None:
        return []
    board = boards.load(board_name)
    title = f"counting plugin of {getattr(board.emulators[name], 'program', name)}"
    try:
        found = f"interface {find(board).interface}"
        return [Tool(title, found, "cycles", "", False)]
    except BoardlessError as error:
        return [Tool(title, "", "cycles", str(error).removeprefix("cycles not available: "), False)]
