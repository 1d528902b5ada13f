"""A device that lies, in the place of an emulator, for suites of pytest and Robot Framework.

sys.modules holds the patched functions from here on: import it in a process of its own.
"""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import boardless.path
from boardless.device import boards, emulators
from hostile_device import BUILD, Liar

HOSTILE = "\x1b[2J\x1b]0;title\x07\x9b31m"
BOARD = "host"
MODEL = "digits_cnn:int8"
MADE = dataclasses.replace(BUILD, board=boards.load(BOARD), model=MODEL, input_bytes=64)


HOW: list[str] = []


def answer_with(how: str) -> None:
    """Makes a device answer predictions with a fault report, or with lines, that hold HOSTILE."""
    HOW[:] = [how]


def twist(command: str, lines: list[str]) -> list[str]:
    """Changes the answers of a device as answer_with() asks for."""
    if command.startswith("db"):
        return ["m-[Expecting 64 bytes]"] if "load" in command else ["m-load-done"]
    if HOW == ["fault"] and command == "predict":
        return [f"e-[fault {HOSTILE} pc=zz lr=0x1 \x1b[1m]"]
    if HOW == ["lines"] and command == "predict":
        return [HOSTILE, f"m-output-[{HOSTILE}]", f"m-{HOSTILE}-[1]"]
    return lines


class Device(Liar):
    """Answers a command without a checksum in the same way."""

    plain = False

    def send(self, data: bytes) -> None:
        if b"%" in data:
            self.plain = b" ~" not in data
        super().send(data)

    def say(self, command: str, lines: list[str]) -> None:
        if self.plain:
            text = [*self.twist(command, lines), "m-ready"]
            self.waiting += "".join(f"{line}\r\n" for line in text).encode()
        else:
            super().say(command, lines)


def start(board: Any, elf: Any, *, shared: bool) -> Liar:
    return Device(MADE, twist=twist)


def prepared(request: Any) -> Any:
    """The build is there; nothing is compiled. Other models than MODEL are read first."""
    from boardless.model import zoo

    zoo.find(request.model)
    return SimpleNamespace(build=MADE, emulator="fake")


vars(boardless.path)["prepare"] = prepared
vars(emulators.load("fake"))["start"] = start
