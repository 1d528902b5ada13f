"""Finds where a program was when it faulted, and who had called, by running it once more.

    stops = crash.handlers(image, board)                         # of a Cortex-M's faults
    host.handler = crash.Traps(host.remote, host.calls, stops)   # that of the second run

A core that finds no handler locks up at a place that has nothing to do with the fault, and one that
does may wait there for ever. So breakpoints stand on the handlers, which the first run, whose speed
matters, does not have. There the core has put the interrupted function's registers on the stack.
"""

from __future__ import annotations

import dataclasses

from boardless.cycles import image as images
from boardless.cycles.image import Image
from boardless.device.backtrace import Fault, backtrace
from boardless.device.records import Board
from boardless.device.semihosting.calls import Calls
from boardless.device.semihosting.host import FileIO
from boardless.device.semihosting.remote import NoMemory, Remote

FAULTS = (3, 4, 5, 6)  # places in the vector table: hard, memory, bus and usage fault
SP, LR, PC = 13, 14, 15  # in the debugger's list of registers
PROCESS_STACK = 4  # bit of what LR holds in a handler: the frame is on the other stack
FRAME = 32  # bytes; LR and PC are words 5 and 6 of it
DEEP = (1024, 256, FRAME)  # bytes of stack to read, as many as there are


def handlers(image: Image, board: Board) -> frozenset[int]:
    """Returns the addresses of a Cortex-M's fault handlers, 0 where it has none; of another core
    nothing."""
    origin = board.memory.flash_origin
    if image.isa != "thumb" or not images.has_vectors(image, origin):
        return frozenset()
    places = (origin + 4 * number for number in FAULTS)
    return frozenset(int.from_bytes(image.bytes_at(place, 4), "little") & ~1 for place in places)


class Traps(FileIO):
    """Serves the program's calls until it comes to one of the handlers, and ends it there."""

    def __init__(self, remote: Remote, calls: Calls, stops: frozenset[int]) -> None:
        super().__init__(remote, calls)
        self.stops = stops
        self.fault: Fault | None = None

    def begin(self) -> None:
        for address in sorted(self.stops):
            self.remote.ask(f"Z0,{address:x},2")
        super().begin()

    def handle(self, packet: str) -> None:
        if not packet.startswith(("T05", "S05")):
            super().handle(packet)
            return
        words = self.remote.words()
        if len(words) > PC and not words[LR] & PROCESS_STACK:
            self.fault = self._frame(words[SP])
        self.remote.send("k")

    def _frame(self, sp: int) -> Fault | None:
        for size in DEEP:
            try:
                raw = self.remote.read(sp, size)
            except NoMemory:
                continue
            words = [int.from_bytes(raw[i : i + 4], "little") for i in range(0, size, 4)]
            registers = {"pc": words[6], "lr": words[5], "sp": sp}
            return Fault("fault", registers, {sp + 4 * i: word for i, word in enumerate(words)})
        return None


def told(image: Image, fault: Fault) -> str:
    """Returns the calls that led to a fault, the innermost first, in a line. Without debug
    information that is the function, and the one that LR names."""
    calls = backtrace(image.path, fault)
    if len(calls) < 2:
        calls = backtrace(image.path, dataclasses.replace(fault, stack={}))
    return ", called from ".join(line.partition(" ")[2] for line in calls)
