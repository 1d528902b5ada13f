"""QEMU's monitor (QMP) behind a socket: where a device is, and what its memory holds.

    monitor = Monitor(line)
    monitor.counter()              # the address of the code that runs
    monitor.words(0x20000000, 4)

OSError, ValueError or LookupError where QEMU does not answer as expected.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
from io import BufferedRWPair
from typing import Any

ANSWER = 5.0  # seconds that it has to answer
COUNTER = re.compile(r"(?:R15=|\bpc\s+|PC=)([0-9a-fA-F]{8})")  # of Arm, RISC-V, Xtensa


class Monitor:
    """The line carries nothing before the first question."""

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self.file: BufferedRWPair | None = None

    def close(self) -> None:
        """Closes the line, which stays open as long as the file that reads from it."""
        if self.file is not None:
            with contextlib.suppress(OSError):  # of what was not sent yet
                self.file.close()
        self.line.close()

    def counter(self) -> int:
        """Returns the program counter."""
        return int(COUNTER.findall(self.ask("info registers"))[0], 16)

    def words(self, address: int, count: int) -> list[int]:
        """Returns 32-bit words of the device's memory."""
        said = self.ask(f"xp /{count}uw {address:#x}")
        return [int(word) for row in re.findall(r"(?m): (.*)$", said) for word in row.split()]

    def ask(self, command: str) -> str:
        """Returns the answer to a command for people."""
        if self.file is None:
            self.line.settimeout(ANSWER)
            self.file = self.line.makefile("rwb")
            self.answer("QMP")
            self.send("qmp_capabilities")
        return str(self.send("human-monitor-command", **{"command-line": command}))

    def send(self, command: str, **arguments: Any) -> Any:
        assert self.file
        text = json.dumps({"execute": command, "arguments": arguments})
        self.file.write(text.encode() + b"\n")
        self.file.flush()
        return self.answer("return")

    def answer(self, key: str) -> Any:
        """Returns the value of the next message that has `key`; others are events."""
        assert self.file
        for line in iter(self.file.readline, b""):
            message = json.loads(line)
            if "error" in message:
                raise ValueError(str(message["error"]))
            if key in message:
                return message[key]
        raise ValueError("the monitor has ended")
