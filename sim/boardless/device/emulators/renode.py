"""Renode, headless: its UART on a socket of ours, instructions from its own exact counter, blocks
from its hook.

    boardless run digits_cnn --board stm32f746g_disco --emulator renode

Renode comes from renode.io; it is in no package index. A board's part is board.repl (the machine)
and board.resc (how to make it); firmware/hal/renode has what Renode runs in its own Python.
"""

from __future__ import annotations

import contextlib
import re
import select
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from boardless.core import checked, children, paths, scratch
from boardless.core.errors import BadInput, ToolFailed, ToolMissing
from boardless.core.programs import program_version
from boardless.cycles import image, recording
from boardless.device import block_hook
from boardless.device.emulators.base import ProcessSession, spawn
from boardless.device.plugin.counter import Counter, Plugin
from boardless.device.records import Board

PROGRAM = "renode"
START_TIMEOUT = 30.0  # seconds, of each try; it takes up to 16
ANSWER = 5.0  # seconds that its monitor has to answer
TRIES = 2  # a start now and then opens no UART (seen in 1 of 40); the next one does
REASON_LINES = 3  # that follow an error and say why
TIMER_BYTES = 0x1000
# The timer reads the instructions of whole blocks, so an inference may seem to have this many more
# or fewer than it has.
TIMER_SLACK = 16
FINISH = 30.0  # seconds that it may take to write its counts
NO_CACHES = "Renode's hook sees no memory accesses, so it simulates no caches"
HELPERS = paths.FIRMWARE / "hal" / "renode"
PLAIN = re.compile(r"[\w/. +,:=~-]+")  # what the monitor reads as part of a path
TROUBLE = re.compile(r"There was an error|Error E\d+|\[ERROR\]|Exception|[Cc]ould not")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[emulator.renode] of a board.toml."""

    uart: str  # its name in board.repl, such as sysbus.uart0
    # Address of the timer behind hal_timer_ticks, where Renode gets one that counts instructions;
    # None where hal_timer_ticks reads a counter of the core, which counts them in Renode.
    timer: int | None = None

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
    """Returns the monitor's commands that make a board with its counter and its program, not
    started. The Robot library gives the same ones to the Renode of renode-test."""
    here: Settings = board.emulators["renode"]
    script = board.folder / "board.resc"
    if not script.is_file():
        raise BadInput("Renode needs this file", where=str(script), hint="see CONTRIBUTING.md")
    vectors = board.memory.flash_origin
    counter = []
    if here.timer is not None:
        python = f"{at(HELPERS / 'counter.py')} {here.timer:#x} {TIMER_BYTES:#x} True"
        counter = [f'machine PyDevFromFile {python} "counter"']
    return [
        f"include {at(script)}",
        *counter,
        f"sysbus LoadELF {at(elf)}",
        *([f"sysbus.cpu VectorTableOffset {vectors:#x}"] if board.hal == "cortex_m" else []),
    ]


def commands(board: Board, elf: Path, port: int, counts: Path | None = None) -> list[str]:
    """Returns the monitor's commands that make the machine, connect its UART and start it; what is
    executed is counted where there is a folder for the counts."""
    here: Settings = board.emulators["renode"]
    count = [f"include {at(HELPERS / 'blocks.py')}", f'boardless_count "{counts}"']
    return [
        *machine(board, elf),
        f"include {at(HELPERS / 'line.py')}",
        *(count if counts else []),
        f'boardless_line "{here.uart}" {port}',
        "start",
    ]


def at(path: Path) -> str:
    """Returns a path as the monitor reads it. BadInput where it holds what the monitor could take
    for another command: its commands run programs of the host."""
    text = str(path.absolute())
    if not PLAIN.fullmatch(text):
        raise BadInput(
            "Renode reads such characters as commands",
            where=text,
            hint="give the file, or its folder, a name of letters and digits",
        )
    return "@" + text.replace(" ", "\\ ")


def start(board: Board, elf: Path, *, shared: bool, count: Counter | None = None) -> ProcessSession:
    """Boots `elf`; tries once more if Renode opens no UART. ToolFailed holds the error of
    Renode. With `count` the blocks of its code are counted."""
    for remaining in reversed(range(TRIES)):
        try:
            return _start(board, elf, count)
        except NoUart:
            if not remaining:
                raise
    raise AssertionError("TRIES is at least 1")


def counter(board: Board) -> Plugin:
    """Returns what counts blocks; ToolMissing where there is no Renode."""
    version(board)
    return Plugin(HELPERS / "blocks.py", 0)


@dataclass
class Counted(ProcessSession):
    """A session whose blocks are counted: Renode writes the counts when its line ends."""

    folder: Path = Path()
    count: Counter | None = None
    elf: Path = Path()

    def close(self) -> None:
        count, self.count = self.count, None  # closing again finds nothing to do
        try:
            if count and self.process.poll() is None:
                with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                    self.line.shutdown(socket.SHUT_RDWR)
                    self.process.wait(FINISH)
            if count and (self.folder / "counts").is_file():
                found = block_hook.read(self.folder / "counts", image.load(self.elf), count.where)
                count.out.write(recording.write(found))
        finally:
            super().close()


def _start(board: Board, elf: Path, count: Counter | None = None) -> ProcessSession:
    """Boots `elf`. Renode connects to a socket that listens on the loopback address only. Its own
    files (settings, history, temporary ones) go to a folder that is removed at the end."""
    with contextlib.ExitStack() as cleanup:
        server = cleanup.enter_context(socket.create_server(("127.0.0.1", 0)))
        files = cleanup.enter_context(scratch.folder("renode"))
        if count:
            program = image.load(elf)
            (files / "borders").write_text(block_hook.borders(program, count.watch))
        port = server.getsockname()[1]
        monitor = "; ".join(commands(board, elf, port, files if count else None))
        command = [PROGRAM, "--console", "--disable-gui", "--plain", "-e", monitor]
        # The monitor reads its standard input: a pipe that stays open, or it would end at once.
        process, log = spawn(
            children.guarded_group(command),
            stdin=subprocess.PIPE,
            folder=files,
            environment={"XDG_CONFIG_HOME": str(files), "TMPDIR": str(files)},
        )
        session = Counted(PROGRAM, process, socket.socket(), log)
        session.folder, session.elf = files, elf
        try:
            uart = _connected(server, session)
        except BaseException:
            session.close()
            raise
        session.line.close()
        session.line, session.cleanup, session.count = uart, cleanup.pop_all(), count
        session.debugger = Console(session)
        return session


@dataclass
class Console:
    """Renode's monitor, which reads what we write to its standard input. The log holds its answers
    among other lines."""

    session: ProcessSession

    def counter(self) -> int:
        return self.ask("sysbus.cpu PC")

    def words(self, address: int, count: int) -> list[int]:
        return [self.ask(f"sysbus ReadDoubleWord {address + 4 * i:#x}") for i in range(count)]

    def ask(self, command: str) -> int:
        """Returns the number that a command prints on a line of its own."""
        stdin = self.session.process.stdin
        assert stdin
        before = len(self.session.said())
        stdin.write(command.encode() + b"\n")
        stdin.flush()
        end = time.monotonic() + ANSWER
        while time.monotonic() < end:
            for line in self.session.said()[before:]:
                if number := re.fullmatch(r"\s*(0x[0-9A-Fa-f]+)\s*", line):
                    return int(number[1], 16)
            time.sleep(0.01)
        raise ValueError(f"Renode does not answer {command!r}")


class NoUart(ToolFailed):
    """Renode runs, and has not connected the board's UART in time."""


def _connected(server: socket.socket, session: ProcessSession) -> socket.socket:
    """Returns the UART's socket as soon as Renode has opened it; ToolFailed with Renode's reason
    where it reports an error or ends, NoUart where nothing happens."""
    end = time.monotonic() + START_TIMEOUT
    while time.monotonic() < end:
        if select.select([server], [], [], 0.1)[0]:
            uart, _ = server.accept()
            uart.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return uart
        ended = session.process.poll() is not None
        lines = session.said()
        wrong = next((i for i, text in enumerate(lines) if TROUBLE.search(text)), None)
        if wrong is not None:
            if not ended and len(lines) <= wrong + REASON_LINES:
                time.sleep(0.5)  # the reason follows the error
                lines = session.said()
            reason = " / ".join(x.strip() for x in lines[wrong : wrong + 1 + REASON_LINES])
            raise ToolFailed(f"Renode says: {reason}", hint="check board.repl and board.resc")
        if ended:
            raise session.ended()
    raise NoUart(
        f"Renode opened no UART within {START_TIMEOUT:g} s, {TRIES} times", hint="run it again"
    )


def instructions(board: Board, ticks: int) -> int | None:
    """Ticks are instructions, between the beginnings of the blocks that read the counter. A layer's
    count is the same as QEMU's; the whole inference may differ by the few instructions between its
    blocks' beginnings and the accesses to the timer, always by the same number."""
    return ticks
