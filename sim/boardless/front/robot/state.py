"""The state that the keywords of one suite share: the board, its firmware, the last picture."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from boardless.data.records import Pictures
from boardless.device.emulators import Session
from boardless.device.link.plain import PlainLine
from boardless.device.records import Build
from boardless.front.robot.renode_terminal import RenodeTerminal
from boardless.model import profiles
from boardless.model.zoo import Model

RENODE = "renode"


class RobotState:
    """The state of one suite; `emulator` and `reference` are the library's arguments."""

    def __init__(self, emulator: str = "", reference: str = profiles.DEFAULT) -> None:
        self._emulator = emulator
        self._reference = reference
        self._model: Model | None = None
        self._build: Build | None = None
        self._pictures: Pictures | None = None
        self._session: Session | None = None
        self._terminals: list[PlainLine] = []
        self._timeout = 30.0
        self._sent = -1  # the picture that the device holds
        self._output: npt.NDArray[Any] | None = None
        self._ticks: int | None = None

    def _loaded(self) -> Build:
        if self._build is None:
            raise AssertionError("no firmware; Load Firmware comes first")
        return self._build

    def _terminal(self, tester: int | None = None) -> PlainLine:
        if self._emulator == RENODE:
            return RenodeTerminal(timeout=self._timeout)
        number = int(tester or 1)
        if not 1 <= number <= len(self._terminals):
            raise AssertionError("no terminal tester; Create Terminal Tester comes first")
        return self._terminals[number - 1]

    def _stop(self) -> None:
        if self._session is not None:
            self._session.close()
        self._session, self._sent, self._output = None, -1, None
        self._terminals.clear()
