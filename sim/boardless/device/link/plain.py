"""Plain lines to and from a device, as a person or MLPerf Tiny's runner sees them: no checksums.

terminal = PlainLine(session)
assert line.ask("name") == ["m-name-dut-[boardless]"]
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

from boardless.core.errors import BoardlessError, LinkError, ToolFailed
from boardless.device.emulators.base import Session

SHOWN = 8  # lines in a message
LONGEST = 200  # characters of each
MAX_LINES = 10_000  # of an answer
MAX_LINE = 1 << 20  # bytes without a line end


class Silence(LinkError):
    """The line that was waited for did not come."""


@dataclass
class PlainLine:
    """`timeout` is wall-clock time: it only guards a device that says nothing."""

    session: Session | None = None  # none: the board is off
    timeout: float = 60.0
    received: bytearray = field(default_factory=bytearray)
    last: deque[str] = field(default_factory=lambda: deque(maxlen=SHOWN))

    def write(self, text: str) -> None:
        try:
            self._on().send(text.encode("latin-1"))
        except BoardlessError as error:
            raise self._silence(str(error)) from error

    def next_line(self, timeout: float | None = None) -> str:
        """The next line without its end, which is not empty; Silence where none comes in time."""
        patience = self.timeout if timeout is None else timeout
        deadline = time.monotonic() + patience
        while True:
            end = self.received.find(b"\n")
            if end < 0:
                self._receive(deadline, patience)
                continue
            line = self.received[:end].decode("ascii", "replace").strip("\r")
            del self.received[: end + 1]
            if line:
                self.last.append(line)
                return line

    def ask(self, command: str) -> list[str]:
        """The lines of the answer to `command`, without the closing m-ready."""
        self.write(f"{command}%")
        lines: list[str] = []
        while not lines or lines[-1].split(" ~")[0] != "m-ready":
            if len(lines) > MAX_LINES:
                raise LinkError("the device sends line after line, and no end of its answer")
            lines.append(self.next_line())
            if lines[-1].startswith("e-[fault "):
                raise LinkError(f"the firmware crashed: {lines[-1]}")
        return lines[:-1]

    def _receive(self, deadline: float, patience: float) -> None:
        left = deadline - time.monotonic()
        try:
            fresh = self._on().receive(left) if left > 0 else b""
        except BoardlessError as error:
            raise self._silence(str(error)) from error
        if not fresh:
            raise self._silence(f"the device was silent for {patience:g} s")
        self.received += fresh
        if len(self.received) > MAX_LINE:
            raise self._silence("the device sends a line without an end")

    def _on(self) -> Session:
        if self.session is None:
            raise ToolFailed("the board is off", hint="Start Emulation comes first")
        return self.session

    def _silence(self, why: str) -> Silence:
        unfinished = [self.received[-200:].decode("ascii", "replace")] if self.received else []
        return Silence(
            "\n".join([why, "last lines:", *(line[:LONGEST] for line in self.last), *unfinished])
        )
