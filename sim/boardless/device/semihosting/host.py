"""The connection of one QEMU to what answers its guest's calls."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from boardless.core.closing import Closing
from boardless.core.errors import BoardlessError
from boardless.cycles.image import Image
from boardless.device.semihosting import xtensa
from boardless.device.semihosting.calls import Calls, Output
from boardless.device.semihosting.files import Files
from boardless.device.semihosting.remote import Ended, Remote, stopped

TO_DEBUGGER = ("-semihosting-config", "enable=on,target=gdb")
OFF = ("-semihosting-config", "enable=off")
NUMBER = {"thumb": 0, "riscv": 10}  # of the register that holds the call's number: r0, a0
FROM_CONSOLE = (3, 4, 7)  # SYS_WRITEC, SYS_WRITE0, SYS_READC


def exit_only(program: str) -> list[str]:
    """QEMU's arguments for a guest whose exits count, and nothing else it calls: with no debugger
    there, QEMU drops the other calls. Where it would serve them itself, all are off."""
    return list(TO_DEBUGGER if asks(program) else OFF)


def asks(program: str) -> bool:
    """Returns True if this QEMU asks the debugger for every call that could reach the host.
    Xtensa's QEMU does not: it opens files itself."""
    return bool(re.fullmatch(r"qemu-system-(arm|aarch64|riscv32|riscv64)", Path(program).name))


class Semihosting(Closing):
    """Answers the guest of one QEMU, started as `program`, with files of `root` if there is one."""

    def __init__(
        self, image: Image, program: str, output: Output, root: Path | None = None
    ) -> None:
        self.image = image
        self.files = Files(root) if root else None
        self.calls = Calls(output, self.files)
        ours, self.theirs = socket.socketpair()
        self.remote = Remote(ours)
        self.thread: threading.Thread | None = None
        self.handler: Handler
        self.asks = asks(program)
        if self.asks:
            self.calls.from_console = self._from_console
            self.handler = FileIO(self.remote, self.calls)
        else:
            self.handler = xtensa.Traps(image, self.remote, self.calls)

    @property
    def exit_status(self) -> int | None:
        """The program's, where QEMU's own does not tell it."""
        return getattr(self.handler, "exit_status", None)

    @property
    def descriptors(self) -> list[int]:
        """The descriptors that QEMU inherits, with the same numbers."""
        return [self.theirs.fileno()]

    @property
    def arguments(self) -> list[str]:
        """The arguments for QEMU's command line. The guest waits until begin()."""
        return [
            *("-S", "-chardev", f"socket,id=host,fd={self.theirs.fileno()}"),
            *("-gdb", "chardev:host"),
            *(TO_DEBUGGER if self.asks else OFF),
        ]

    def fileno(self) -> int:
        return self.remote.line.fileno()

    def begin(self) -> bool:
        """Lets the guest run, once QEMU has been started; False where that has ended."""
        self.theirs.close()
        return self._still(self.handler.begin)

    def answer(self) -> bool:
        """Handles what has come; False at the end of the connection."""
        return self._still(self._step)

    def serve(self) -> None:
        """begin(), and answers in a thread of its own until the connection ends."""

        def run() -> None:
            with contextlib.suppress(BoardlessError):  # whoever uses the guest sees how it ends
                going = self.begin()
                while going:
                    select.select([self], [], [])
                    going = self.answer()

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()

    def close(self) -> None:
        """Once QEMU has ended."""
        if self.thread:
            self.thread.join(timeout=10)
        self.remote.line.close()
        self.theirs.close()
        if self.files:
            self.files.close()

    def _step(self) -> None:
        self.remote.fill(0.0)
        while (packet := self.remote.next_packet()) is not None:
            self.handler.handle(packet)

    def _still(self, step: Callable[[], None]) -> bool:
        try:
            step()
        except Ended:
            return False
        return True

    def _from_console(self) -> bool:
        words = self.remote.words()
        at = NUMBER.get(self.image.isa, 0)
        return at >= len(words) or words[at] in FROM_CONSOLE


class Handler(Protocol):
    """A way in which calls of a guest arrive."""

    def begin(self) -> None: ...

    def handle(self, packet: str) -> None: ...


class FileIO:
    """Arm and RISC-V: QEMU stops the guest, asks, and goes on with the answer."""

    def __init__(self, remote: Remote, calls: Calls) -> None:
        self.remote, self.calls = remote, calls

    def begin(self) -> None:
        self.remote.send("c")

    def handle(self, packet: str) -> None:
        if packet.startswith("F"):
            result, error = self.calls.answer(packet[1:], self.remote)
            self.remote.send(f"F-1,{error:x}" if error else f"F{result:x}")
        elif packet[:1] not in ("W", "X", "O", ""):  # ended, or printed by the debugger itself
            raise stopped(packet)
