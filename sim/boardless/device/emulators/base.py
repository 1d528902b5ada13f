"""The interface of an emulator, and the session of a process, which two of them share."""

from __future__ import annotations

import contextlib
import mmap
import os
import select
import signal
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol

from boardless.core.children import PATIENCE, guarded, kill_group
from boardless.core.errors import ToolFailed
from boardless.device.emulators.qmp import Monitor
from boardless.device.records import Board
from boardless.device.semihosting import Semihosting


class Session(Protocol):
    """A started device: bytes in both directions, and maybe memory that both sides see."""

    @property
    def shared(self) -> mmap.mmap | None: ...

    def send(self, data: bytes) -> None: ...

    def receive(self, timeout: float) -> bytes:
        """Returns at least one byte; b"" after `timeout` seconds; ToolFailed at the end of the
        UART."""

    def fileno(self) -> int:
        """Returns a descriptor for select; it is readable when bytes have arrived or the UART has
        ended."""

    def terminate(self) -> None:
        """Ends the device from another thread; the thread that receives sees the end of the
        UART."""

    def close(self) -> None: ...


class Debugger(Protocol):
    """Says what a device does while it runs. OSError, ValueError or LookupError where it cannot."""

    def counter(self) -> int:
        """Returns the program counter."""

    def words(self, address: int, count: int) -> list[int]:
        """Returns 32-bit words of the device's memory."""


class Emulator(Protocol):
    """A module of this package. One that can count what is executed also has
    `counter(board) -> Plugin`, and its `start` takes `count: Counter`. `HARDWARE = True` in it says
    that what it starts is no emulation: it may have been running for long, and its cycle counter
    counts cycles. NO_CACHES says why one that counts simulates no caches, TIMER_SLACK by how many
    instructions the board's timer may be off there."""

    def settings(self, table: dict[str, Any]) -> Any:
        """Checks the [emulator.<name>] table of a board.toml."""

    def version(self, board: Board) -> str:
        """The program's version; ToolMissing where it is not installed."""

    def start(self, board: Board, elf: Path, *, shared: bool) -> Session: ...

    def instructions(self, board: Board, ticks: int) -> int | None:
        """Instructions executed in that many ticks of the board's timer; None: not known."""


def spawn(
    command: Sequence[str],
    *,
    pass_fds: Sequence[int] = (),
    stdin: int = subprocess.DEVNULL,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
    """Starts `command` as the leader of a process group; returns it and the file that takes its
    output. `folder` is where it runs, `environment` is added to ours. ToolFailed where it cannot be
    started."""
    log = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the session)
    try:
        process = subprocess.Popen(
            guarded(command),
            stdin=stdin,
            stdout=log,
            stderr=log,
            pass_fds=pass_fds,
            start_new_session=True,  # a Ctrl-C in the terminal is ours to handle
            cwd=folder,
            env=None if environment is None else os.environ | environment,
        )
    except OSError as error:
        log.close()
        raise ToolFailed(f"cannot start {command[0]}: {error}", hint="boardless doctor") from error
    return process, log


@dataclass
class ProcessSession:
    """A child process whose line is a socket pair: no port, no path, and its death is our EOF."""

    program: str  # for messages
    process: subprocess.Popen[bytes]
    line: socket.socket
    log: IO[bytes]
    shared: mmap.mmap | None = None
    host: Semihosting | None = None  # answers the program's calls in a thread
    debugger: Debugger | None = None
    received: bytearray = field(default_factory=bytearray)  # the last bytes, for messages
    cleanup: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)  # after its end
    patience: float = PATIENCE  # seconds that the process may take to end by itself

    @classmethod
    def start(
        cls,
        command: Sequence[str],
        *,
        line_fd: str,
        shared_fd: str,
        shared_bytes: int,
        shared_offset: int = 0,
        memory_bytes: int = 0,
        descriptors: Sequence[int] = (),
        host: Semihosting | None = None,
        monitor_fd: str = "",
        patience: float = PATIENCE,
    ) -> ProcessSession:
        """Runs `command` with `line_fd`, `shared_fd` and `monitor_fd` replaced by descriptor
        numbers; it inherits `descriptors`, too. What is shared are `shared_bytes` from
        `shared_offset` on, of `memory_bytes` or else all. Its output goes to a log. `host` answers
        its guest's calls, and is closed with the session."""
        ours, theirs = socket.socketpair()
        asks, answers = socket.socketpair() if monitor_fd else (None, None)
        memory, shared = -1, None
        try:
            if shared_bytes:
                memory = os.memfd_create("boardless-shared")
                os.ftruncate(memory, max(memory_bytes, shared_bytes))
                shared = mmap.mmap(memory, shared_bytes, offset=shared_offset)
            numbers = {line_fd: theirs.fileno(), shared_fd: memory}
            numbers |= {monitor_fd: answers.fileno()} if answers else {}
            filled = list(command)
            for name, number in numbers.items():
                filled = [part.replace(name, str(number)) for part in filled]
            process, log = spawn(
                filled,
                pass_fds=[
                    theirs.fileno(),
                    *([memory] if shared else []),
                    *([answers.fileno()] if answers else []),
                    *descriptors,
                    *(host.descriptors if host else []),
                ],
            )
            if host:
                host.serve()
        except (ToolFailed, OSError) as error:
            ours.close()
            if asks:
                asks.close()
            if host:
                host.close()
            if isinstance(error, ToolFailed):
                raise
            raise ToolFailed(f"cannot start {command[0]}: {error}", hint="run it again") from error
        finally:
            theirs.close()
            if answers:
                answers.close()
            if memory >= 0:
                os.close(memory)
        debugger = Monitor(asks) if asks else None
        name = Path(command[0]).name
        session = cls(name, process, ours, log, shared, host, debugger, patience=patience)
        if host:
            session.cleanup.callback(host.close)
        if debugger:
            session.cleanup.callback(debugger.close)
        return session

    def send(self, data: bytes) -> None:
        try:
            self.line.sendall(data)
        except OSError as error:
            raise self.ended() from error

    def receive(self, timeout: float) -> bytes:
        ready, _, _ = select.select([self.line], [], [], timeout)
        if not ready:
            return b""
        try:
            data = self.line.recv(65536)
        except OSError:
            data = b""
        if not data:
            raise self.ended()
        self.received = (self.received + data)[-400:]
        return data

    def fileno(self) -> int:
        return self.line.fileno()

    def ended(self) -> ToolFailed:
        """Returns the error that says how the process ended, with its last output."""
        try:
            status = self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            return ToolFailed(f"{self.program} closed the line", hint="run it again")
        if self.host and self.host.exit_status is not None:
            status = self.host.exit_status
        how = f"status {status}" if status >= 0 else f"signal {signal.Signals(-status).name}"
        said = self.said()
        last = bytes(self.received).decode("ascii", "replace").strip().splitlines()
        what = f"{self.program} ended in mid-run with {how}"
        what += f"; its output: {said[0]}" if said else ""
        what += f"; last line received: {last[-1]!r}" if last else ""
        return ToolFailed(what, hint="retry; if it persists run `boardless doctor`")

    def said(self) -> list[str]:
        """Lines of its standard output and error so far, without warnings."""
        log = os.pread(self.log.fileno(), 1 << 20, 0)  # its own writing goes on where it is
        lines = log.decode("utf8", "replace").strip().splitlines()
        return [line for line in lines if "warning:" not in line]

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)
        self._signal(signal.SIGCONT)  # one that was stopped takes no other signal

    def _signal(self, number: signal.Signals) -> None:
        """Signals the process group: an emulator may be a launcher that started the program."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def close(self) -> None:
        if self.process.poll() is None:
            self.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(self.patience)
        kill_group(self.process.pid)  # what the leader of the group has left running
        self.process.wait()
        self.cleanup.close()
        self.line.close()
        self.log.close()
        if self.process.stdin is not None:
            self.process.stdin.close()
        if self.shared is not None:
            with contextlib.suppress(BufferError):  # a view of it is still alive somewhere
                self.shared.close()
