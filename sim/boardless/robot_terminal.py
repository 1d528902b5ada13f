"""Lines to and from a device for Robot keywords: over a session of ours, or Renode's own tester.

terminal = SessionTerminal(session)
terminal.write("name%")
assert terminal.next_line(10.0) == "m-name-dut-[boardless]"
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Protocol

from robot.libraries.BuiltIn import BuiltIn

from boardless.emulators import Session
from boardless.errors import BoardlessError, ToolFailed

SHOWN = 8  # lines in a message


class Silence(AssertionError):
    """The line that was waited for did not come."""


class Terminal(Protocol):
    def write(self, text: str) -> None: ...

    def next_line(self, timeout: float) -> str:
        """The next line without its end, which is not empty; Silence where none comes in time."""


@dataclass
class SessionTerminal:
    """Over the line of an emulator that boardless started. `timeout` is wall-clock time here: it
    only guards a device that says nothing."""

    session: Session | None = None  # none: the board is off
    received: bytearray = field(default_factory=bytearray)
    last: deque[str] = field(default_factory=lambda: deque(maxlen=SHOWN))

    def write(self, text: str) -> None:
        try:
            self._on().send(text.encode("latin-1"))
        except BoardlessError as error:
            raise Silence(f"{error}\n{self._tail()}") from error

    def next_line(self, timeout: float) -> str:
        deadline = time.monotonic() + timeout
        while True:
            end = self.received.find(b"\n")
            if end < 0:
                self._receive(deadline, timeout)
                continue
            line = self.received[:end].decode("ascii", "replace").strip("\r")
            del self.received[: end + 1]
            if line:
                self.last.append(line)
                return line

    def _receive(self, deadline: float, timeout: float) -> None:
        left = deadline - time.monotonic()
        try:
            fresh = self._on().receive(left) if left > 0 else b""
        except BoardlessError as error:
            raise Silence(f"{error}\n{self._tail()}") from error
        if not fresh:
            raise Silence(f"the device was silent for {timeout:g} s\n{self._tail()}")
        self.received += fresh

    def _on(self) -> Session:
        if self.session is None:
            raise ToolFailed("the board is off", hint="Start Emulation comes first")
        return self.session

    def _tail(self) -> str:
        unfinished = [self.received.decode("ascii", "replace")] if self.received else []
        return "\n".join(["last lines:", *self.last, *unfinished])


@dataclass
class RenodeTerminal:
    """Through the keywords that renode-test brings; `timeout` is virtual time there."""

    def write(self, text: str) -> None:
        self._quietly("Write Line To Uart", text, "waitForEcho=false")

    def next_line(self, timeout: float) -> str:
        while True:
            result = self._quietly("Wait For Next Line On Uart", f"timeout={max(1, int(timeout))}")
            if line := text_of(result):
                return line

    def _quietly(self, *keyword: str) -> Any:
        """A picture takes hundreds of lines: they would fill the log."""
        before = BuiltIn().set_log_level("WARN")
        try:
            return BuiltIn().run_keyword(*keyword)
        finally:
            BuiltIn().set_log_level(before)


def text_of(result: Any) -> str:
    """The line in what Renode's keywords return; versions differ in how they spell the key."""
    by_name = {str(key).lower(): value for key, value in dict(result).items()}
    return str(by_name["line"]).strip("\r\n")
