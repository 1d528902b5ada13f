"""Renode's keywords, as far as robot_tests use them, over QEMU: for where Renode is not installed.

    robot --prerunmodifier renode_keywords.AddToSuites --variable EMULATOR:renode robot_tests

renode-test adds a resource with these names to every suite. Nothing else is provided here, so a
suite that runs with it relies on nothing that Renode lacks.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from boardless.device import boards, emulators
from boardless.device.emulators import Session
from boardless.device.link.plain import PlainLine
from robot.api import SuiteVisitor
from robot.api.deco import library


class AddToSuites(SuiteVisitor):  # type: ignore[misc]
    """Adds keywords to a suite before it runs, as renode-test does."""

    def start_suite(self, suite: Any) -> None:
        if suite.tests:
            suite.resource.imports.library("renode_keywords.RenodeKeywords")
            for test in suite.tests:  # a test that says nothing of its teardown gets Renode's
                if not test.has_teardown:
                    test.teardown.config(name="Test Teardown")


@library(scope="GLOBAL")
class RenodeKeywords:
    def __init__(self) -> None:
        self._is_set_up = False
        self._elf: Path | None = None
        self._board = ""
        self._session: Session | None = None
        self._terminal: PlainLine | None = None

    def get_keyword_names(self) -> list[str]:
        return [n for n in vars(type(self)) if not n.startswith("_") and n != "get_keyword_names"]

    def setup(self) -> None:
        self._is_set_up = True

    def teardown(self) -> None:
        self.reset_emulation()

    def reset_emulation(self) -> None:
        assert self._is_set_up, "Renode's Setup connects to it"
        if self._session is not None:
            self._session.close()
        self._elf, self._board, self._session, self._terminal = None, "", None, None

    def test_teardown(self) -> None:
        """Resets the emulation and forgets the testers, as renode-test does after every test."""
        self.reset_emulation()

    def execute_command(self, command: str) -> str:
        """Handles what a board needs: its script and its program. The rest is Renode's task."""
        if command.startswith("include @"):
            path = Path(command.removeprefix("include @").replace("\\ ", " "))
            assert path.is_file(), command
            self._board = path.parent.name
        elif command.startswith("sysbus LoadELF @"):
            self._elf = Path(command.removeprefix("sysbus LoadELF @").replace("\\ ", " "))
        return ""

    def create_terminal_tester(self, uart: str, timeout: int = 30) -> int:
        assert self._board, "there is no machine in the emulation"
        assert uart == "sysbus.uart0"
        self._terminal = PlainLine()
        return 0

    def start_emulation(self) -> None:
        board = boards.load(self._board)
        assert self._elf is not None
        assert self._terminal is not None
        self._session = emulators.load("qemu").start(board, self._elf, shared=False)
        self._terminal.session = self._session

    def wait_for_line_on_uart(
        self,
        content: str,
        timeout: int = 30,
        testerId: int | None = None,
        treatAsRegex: bool = False,
    ) -> dict[str, Any]:
        while True:
            found = self.wait_for_next_line_on_uart(timeout)
            matches = (
                re.search(content, found["line"]) if treatAsRegex else content in found["line"]
            )
            if matches:
                return found

    def wait_for_next_line_on_uart(
        self, timeout: int = 30, testerId: int | None = None
    ) -> dict[str, Any]:
        assert self._terminal is not None
        return {"line": self._terminal.next_line(float(timeout)), "timestamp": 0.0, "groups": []}

    def write_line_to_uart(
        self, content: str = "", testerId: int | None = None, waitForEcho: bool = True
    ) -> None:
        assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", content), "no character of XML"
        assert not waitForEcho, "the firmware echoes nothing: Renode would wait in vain"
        assert self._terminal is not None
        self._terminal.write(content + "\r")
