"""Ends a command that does not end, and says where the device is.

    watch = Watch.of(session, build)     # None where the emulator cannot be watched
    watch.begin(inferences=1)            # 0: a command that only asks
    watch.check()                        # LinkError once it has taken longer than its budget

The budget is in seconds of the emulator's own processor time, so it does not depend on what else
the machine does. It follows from the number of multiplications, with much to spare. A device that
sleeps uses none: it is ended when whoever waits for it has looked in vain for a minute.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from boardless.core.errors import DeviceFault
from boardless.cycles import image
from boardless.device.elf import function_at
from boardless.device.emulators import Debugger, Session
from boardless.device.records import Build

AT_LEAST = 10.0  # seconds for the answer to a command, whatever it does
OVERHEAD = 0.05  # seconds of an inference, apart from its layers
LOOK = 1.0  # seconds between two checks of a device that says nothing
ASLEEP = 60.0  # seconds of them in which it has done nothing
NOTHING = 0.5  # seconds of processor time: an emulator that waits looks at its clocks
PER_MAC = 2e-5  # seconds: 100 instructions of software floats, 5 million a second under a plugin


def processor_seconds(process: int) -> float:
    """Returns the processor time that a process has used, and those that it has started: an
    emulator may have a launcher that waits for it. OSError where it has ended."""
    folder = Path(f"/proc/{process}")
    fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
    total = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    for child in (folder / "task" / str(process) / "children").read_text().split():
        with contextlib.suppress(OSError):  # it has just ended
            total += processor_seconds(int(child))
    return total


@dataclass
class Watch:
    """The budget of one device."""

    process: int  # the emulator, or what starts it
    debugger: Debugger | None
    build: Build
    end: float | None = None  # of the processor time
    allowed: float = 0.0
    checks: int = 0  # since `before`
    before: float = 0.0  # of the processor time

    @classmethod
    def of(cls, session: Session, build: Build) -> Watch | None:
        process = getattr(session, "process", None)
        return cls(process.pid, getattr(session, "debugger", None), build) if process else None

    def begin(self, inferences: int) -> None:
        """Starts the budget of so many inferences."""
        self.allowed = AT_LEAST + inferences * (OVERHEAD + PER_MAC * self.build.macs)
        with contextlib.suppress(OSError, ValueError, IndexError):  # it has ended, or no Linux
            self.checks, self.before = 0, processor_seconds(self.process)
            self.end = self.before + self.allowed

    def over(self) -> None:
        """Says that the answer has come."""
        self.end = None

    def check(self) -> None:
        """Raises DeviceFault if the budget is spent, or if the device sleeps."""
        if self.end is None:
            return
        try:
            used = processor_seconds(self.process)
        except (OSError, ValueError, IndexError):
            return  # it has ended, which whoever reads its line finds out
        if used < self.end:
            self._check_sleep(used)
            return
        where = self.place()
        if "(hal_getc+" in where:
            raise DeviceFault(
                f"bytes of the device's answer are lost: after {self.allowed:.0f} s of processor "
                f"time it waits for the next command, {where[where.index('at pc=') :]}",
                hint="the emulator drops what it cannot send at once; docs/howto/emulators.md "
                "names a build that does",
            )
        raise DeviceFault(
            f"the inference does not end: after {self.allowed:.0f} s of processor time it is "
            f"{where}",
            hint="look for a loop there, or see the map of the build",
        )

    def _check_sleep(self, used: float) -> None:
        """Raises DeviceFault if next to nothing was done in a minute of checks. They are counted,
        because the clock goes on while a user has stopped all of this."""
        self.checks += 1
        if self.checks * LOOK < ASLEEP:
            return
        if used - self.before < NOTHING:
            raise DeviceFault(
                f"the device sleeps: it has done nothing for {ASLEEP:.0f} s and is {self.place()}",
                hint="it may wait for an interrupt that does not come: another version of the "
                "emulator may raise another one",
            )
        self.checks, self.before = 0, used

    def place(self) -> str:
        """Returns where the device is: layer, code address and function."""
        try:
            if self.debugger is None:
                raise LookupError
            pc = self.debugger.counter()
            where = f"at pc={pc:#010x} ({function_at(self.build.elf, pc)})"
            layer = self.layer(self.debugger)
        except (OSError, ValueError, LookupError):
            return "somewhere: the emulator does not say where"
        return f"in layer {layer}, {where}" if layer else where

    def layer(self, debugger: Debugger) -> str:
        """Returns the name of the layer that was begun last, "" where that is not known. The
        firmware notes the time at which each begins; later ones are still of the inference
        before, or zero."""
        marks = image.load(self.build.elf).symbols.get("marks")
        layers = self.build.layers
        if marks is None or marks.size != 4 * (len(layers) + 1):
            return ""
        words = debugger.words(marks.address, len(layers))
        latest = max(range(len(layers)), key=lambda i: (words[i], -i))
        return f"{layers[latest].index} ({layers[latest].op} {layers[latest].name})"
