"""Renode, headless: its UART on a socket of ours, instructions from its own exact counter.

    boardless run digits_cnn --board stm32f746g_disco --emulator renode

Renode comes from renode.io; it is in no package index. A board's part is board.repl (the machine)
and board.resc (how to make it); firmware/hal/renode has what Renode runs in its own Python.
"""

from __future__ import annotations

import re
import select
import shutil
import socket
import subprocess
import time
from pathlib import Path

import msgspec

from boardless.core import checked, paths
from boardless.core.errors import BadInput, ToolFailed, ToolMissing
from boardless.core.programs import program_version
from boardless.device.emulators.base import ProcessSession, spawn
from boardless.device.records import Board

PROGRAM = "renode"
START_TIMEOUT = 120.0  # seconds; it takes up to 15, this only guards a hang
TIMER_BYTES = 0x400
HELPERS = paths.FIRMWARE / "hal" / "renode"
TROUBLE = re.compile(r"There was an error|Error E\d+|\[ERROR\]|Exception|[Cc]ould not")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[emulator.renode] of a board.toml."""

    uart: str  # its name in board.repl, such as sysbus.uart0
    timer: int  # address of the timer behind hal_timer_ticks; Renode gets one that counts there

    @property
    def shared_memory(self) -> bool:
        return False


def settings(table: dict[str, object]) -> Settings:
    return checked.convert(table, Settings)


def version(board: Board) -> str:
    if shutil.which(PROGRAM) is None:
        raise ToolMissing(
            "renode is not installed",
            hint="unpack the portable archive of https://renode.io and put `renode` on PATH",
        )
    text = program_version([PROGRAM, "--version"], (), board.name)
    found = re.search(r"\d+\.\d+(\.\d+)*", text)
    return found.group(0) if found else text


def machine(board: Board, elf: Path) -> list[str]:
    """What Renode's monitor is told for a board with its counter and its program, not started.
    The Robot library says the same to the Renode of renode-test."""
    here: Settings = board.emulators["renode"]
    script = board.folder / "board.resc"
    if not script.is_file():
        raise BadInput("Renode needs this file", where=str(script), hint="see CONTRIBUTING.md")
    counter = f"{at(HELPERS / 'counter.py')} {here.timer:#x} {TIMER_BYTES:#x} True"
    return [
        f"include {at(script)}",
        f'machine PyDevFromFile {counter} "counter"',
        f"sysbus LoadELF {at(elf)}",
        f"sysbus.cpu VectorTableOffset {board.memory.flash_origin:#x}",
    ]


def commands(board: Board, elf: Path, port: int) -> list[str]:
    """The same, with the line, and go."""
    here: Settings = board.emulators["renode"]
    return [
        *machine(board, elf),
        f"include {at(HELPERS / 'line.py')}",
        f'boardless_line "{here.uart}" {port}',
        "start",
    ]


def at(path: Path) -> str:
    """A path as the monitor reads it."""
    return "@" + str(path.absolute()).replace(" ", "\\ ")


def start(board: Board, elf: Path, *, shared: bool) -> ProcessSession:
    """Boots `elf`. Renode connects to a socket that listens on the loopback address only."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        told = "; ".join(commands(board, elf, server.getsockname()[1]))
        # The monitor reads its standard input: a pipe that stays open, or it would end at once.
        process, log = spawn(
            [PROGRAM, "--console", "--disable-gui", "--plain", "-e", told], stdin=subprocess.PIPE
        )
        session = ProcessSession(PROGRAM, process, socket.socket(), log)
        try:
            line = _connected(server, session)
        except BaseException:
            session.close()
            raise
        session.line.close()
        session.line = line
        return session


def _connected(server: socket.socket, session: ProcessSession) -> socket.socket:
    """The line, as soon as Renode has opened it; ToolFailed with what Renode says otherwise."""
    end = time.monotonic() + START_TIMEOUT
    while time.monotonic() < end:
        if select.select([server], [], [], 0.1)[0]:
            line, _ = server.accept()
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return line
        said = session.said()
        wrong = next((text for text in said if TROUBLE.search(text)), None)
        if wrong:
            raise ToolFailed(f"Renode says: {wrong}", hint="check board.repl and board.resc")
        if session.process.poll() is not None:
            raise session.ended()
    raise ToolFailed(f"Renode opened no line within {START_TIMEOUT:.0f} s", hint="run it again")


def instructions(board: Board, ticks: int) -> int | None:
    """Ticks are instructions, between the beginnings of the blocks that read the counter. A layer's
    count is the same as QEMU's; the whole inference may differ by the few instructions between its
    blocks' beginnings and the accesses to the timer, always by the same number."""
    return ticks
