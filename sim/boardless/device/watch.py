"""Ends an inference that does not end, and says where it is.

    watch = Watch.of(session, build)     # None where the emulator cannot be watched
    watch.begin(inferences=1)
    watch.check()                        # LinkError once it has taken longer than its budget

The budget is in seconds of the emulator's own processor time, so it does not depend on what else
the machine does. It follows from the number of multiplications, with much to spare.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boardless.core.errors import DeviceFault
from boardless.cycles import image
from boardless.device.elf import function_at
from boardless.device.emulators import Session
from boardless.device.records import Build

AT_LEAST = 10.0  # seconds for the answer to a command, whatever it does
OVERHEAD = 0.05  # seconds of an inference, apart from its layers
PER_MAC = 2e-5  # seconds: 100 instructions of software floats, 5 million a second under a plugin
ANSWER = 5.0  # seconds that QEMU's monitor has to answer
COUNTER = re.compile(r"(?:R15=|\bpc\s+|PC=)([0-9a-fA-F]{8})")  # of Arm, RISC-V, Xtensa


def processor_seconds(process: int) -> float:
    """Returns the processor time that all threads of a process have used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Watch:
    """The budget of one device."""

    process: int
    monitor: socket.socket
    build: Build
    end: float | None = None  # of the processor time
    allowed: float = 0.0

    @classmethod
    def of(cls, session: Session, build: Build) -> Watch | None:
        process, monitor = getattr(session, "process", None), getattr(session, "monitor", None)
        return cls(process.pid, monitor, build) if process and monitor else None

    def begin(self, inferences: int) -> None:
        """Starts the budget of so many inferences."""
        macs = sum(layer.macs for layer in self.build.layers)
        self.allowed = AT_LEAST + inferences * (OVERHEAD + PER_MAC * macs)
        with contextlib.suppress(OSError, ValueError, IndexError):  # it has ended, or no Linux
            self.end = processor_seconds(self.process) + self.allowed

    def over(self) -> None:
        """Says that the answer has come."""
        self.end = None

    def check(self) -> None:
        """Raises DeviceFault if the budget is spent."""
        try:
            if self.end is None or processor_seconds(self.process) < self.end:
                return
        except (OSError, ValueError, IndexError):
            return  # it has ended, which whoever reads its line finds out
        raise DeviceFault(
            f"the inference does not end: after {self.allowed:.0f} s of processor time it is "
            f"{self.place()}",
            hint="look for a loop there, or see the map of the build",
        )

    def place(self) -> str:
        """Returns where the device is: layer, code address and function."""
        try:
            monitor = Monitor(self.monitor)
            pc = int(COUNTER.findall(monitor.ask("info registers"))[0], 16)
            where = f"at pc={pc:#010x} ({function_at(self.build.elf, pc)})"
            layer = self.layer(monitor)
        except (OSError, ValueError, LookupError):
            return "somewhere: the emulator does not say where"
        return f"in layer {layer}, {where}" if layer else where

    def layer(self, monitor: Monitor) -> str:
        """Returns the name of the layer that was begun last, "" where that is not known. The
        firmware notes the time at which each begins; later ones are still of the inference
        before, or zero."""
        marks = image.load(self.build.elf).symbols.get("marks")
        layers = self.build.layers
        if marks is None or marks.size != 4 * (len(layers) + 1):
            return ""
        said = monitor.ask(f"xp /{len(layers)}uw {marks.address:#x}")
        words = [int(word) for row in re.findall(r"(?m): (.*)$", said) for word in row.split()]
        latest = max(range(len(layers)), key=lambda i: (words[i], -i))
        return f"{layers[latest].index} ({layers[latest].op} {layers[latest].name})"


class Monitor:
    """QEMU's monitor behind a socket. OSError, ValueError or LookupError where it does not
    answer as expected."""

    def __init__(self, line: socket.socket) -> None:
        line.settimeout(ANSWER)
        self.file = line.makefile("rwb")
        self.answer("QMP")
        self.send("qmp_capabilities")

    def ask(self, command: str) -> str:
        """Returns the answer to a command for people."""
        return str(self.send("human-monitor-command", **{"command-line": command}))

    def send(self, command: str, **arguments: Any) -> Any:
        text = json.dumps({"execute": command, "arguments": arguments})
        self.file.write(text.encode() + b"\n")
        self.file.flush()
        return self.answer("return")

    def answer(self, key: str) -> Any:
        """Returns the value of the next message that has `key`; others are events."""
        for line in iter(self.file.readline, b""):
            message = json.loads(line)
            if "error" in message:
                raise ValueError(str(message["error"]))
            if key in message:
                return message[key]
        raise ValueError("the monitor has ended")
