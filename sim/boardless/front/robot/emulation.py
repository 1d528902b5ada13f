"""Keywords of the emulation, with the names and arguments that Renode gives them."""

from __future__ import annotations

import re

from robot.api import logger
from robot.utils import DotDict

from boardless.device import emulators
from boardless.device.link.plain import PlainLine, Silence
from boardless.front.robot.state import RobotState


class Emulation(RobotState):
    """Under renode-test they are Renode's own."""

    def create_terminal_tester(self, uart: str = "sysbus.uart0", timeout: float = 30) -> int:
        """Listens to the board's line; returns the tester's number. ``timeout`` in seconds is that
        of all waiting. Renode's ``uart`` is accepted: a board here has one line."""
        if self._terminals:
            raise AssertionError("there is a terminal tester already; Reset Emulation ends it")
        self._timeout = float(timeout)
        self._terminals.append(PlainLine(timeout=self._timeout))
        return len(self._terminals)

    def start_emulation(self) -> None:
        """Switches the board on with the loaded firmware."""
        loaded = self._loaded()
        if self._session is not None:
            raise AssertionError("the emulation is running; Reset Emulation ends it")
        emulator = emulators.load(self._emulator)
        self._session = emulator.start(loaded.board, loaded.elf, shared=False)
        for terminal in self._terminals:
            terminal.session = self._session

    def reset_emulation(self) -> None:
        """Ends the emulation and forgets testers and what the device held."""
        self._stop()

    def wait_for_line_on_uart(
        self,
        content: str,
        timeout: float | None = None,
        testerId: int = 1,
        treatAsRegex: bool = False,
    ) -> DotDict:
        """The next line that contains ``content``, lines before it are dropped. The result has
        ``line``, and ``groups`` of a regular expression."""
        patience = float(timeout or self._timeout)
        while True:
            try:
                line = self._terminal(testerId).next_line(patience)
            except Silence as error:
                raise AssertionError(f"no line with {content!r}: {error}") from None
            logger.debug(line)
            found = re.search(content, line) if treatAsRegex else None
            if found or (not treatAsRegex and content in line):
                return DotDict(line=line, groups=list(found.groups()) if found else [])

    def wait_for_next_line_on_uart(
        self,
        timeout: float | None = None,
        testerId: int = 1,
    ) -> DotDict:
        """The next line, whatever it is."""
        line = self._terminal(testerId).next_line(float(timeout or self._timeout))
        logger.debug(line)
        return DotDict(line=line, groups=[])

    def write_line_to_uart(
        self,
        content: str = "",
        testerId: int = 1,
        waitForEcho: bool = True,
    ) -> None:
        """Sends ``content`` and a carriage return. The firmware echoes nothing: say
        ``waitForEcho=false``, as on Renode."""
        terminal = self._terminal(testerId)
        logger.debug(content)
        terminal.write(content + "\r")
        if waitForEcho:
            self.wait_for_line_on_uart(content, testerId=testerId)
