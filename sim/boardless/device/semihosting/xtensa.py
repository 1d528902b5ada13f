"""Simulator calls of an Xtensa program, trapped: QEMU has them off, so `simcall` does nothing.

A breakpoint stands on each `simcall` of the ELF. There the registers say what is asked for; the
answer goes into a2 and a3, and the guest steps over the instruction. A `simcall` that the program
makes while it runs is no call.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boardless.core.errors import BadInput, ToolFailed
from boardless.device.semihosting.calls import LONGEST_PATH
from boardless.device.semihosting.remote import NoMemory, stopped

if TYPE_CHECKING:
    from boardless.cycles.image import Image
    from boardless.device.semihosting.calls import Calls
    from boardless.device.semihosting.remote import Remote

SIMCALL = b"\x00\x51\x00"
MOST = 1_000  # breakpoints
# Words in the debugger's list of registers of QEMU's core de233_fpu: pc, the 32 that a window of
# 16 slides over, the window's place in steps of four, and the window.
PC, PHYSICAL, COUNT, WINDOW_BASE, WINDOW = 0, 1, 32, 37, 140
EXIT, READ, WRITE, OPEN, CLOSE, SEEK = 1, 3, 4, 5, 6, 19  # numbers of calls, in a2
ENOSYS = 88  # as newlib numbers it
# newlib's flags of open() that GDB's protocol has, too, are the same numbers.
FLAGS = 0x3 | 0x8 | 0x200 | 0x400 | 0x800


class Traps:
    """The breakpoints of one run."""

    def __init__(self, image: Image, remote: Remote, calls: Calls) -> None:
        self.remote, self.calls = remote, calls
        self.calls.from_console = lambda: False
        self.exit_status: int | None = None
        self.traps = {
            segment.address + found.start()
            for segment in image.segments
            for found in re.finditer(b"(?=%s)" % re.escape(SIMCALL), segment.content)
        }
        if len(self.traps) > MOST:
            raise BadInput(f"more than {MOST:,} simulator calls", where=str(image.path))

    def begin(self) -> None:
        for address in sorted(self.traps):
            self._set("Z", address)
        self.remote.send("c")

    def handle(self, packet: str) -> None:
        if packet[:1] in ("W", "X", "O", ""):
            return
        words = self.remote.words()
        if len(words) <= WINDOW_BASE or words[PC] not in self.traps:
            raise stopped(packet)
        ends = self._register(words, 2) == EXIT
        if not ends:
            self._answer(words)
        self._set("z", words[PC])
        self.remote.ask("s")  # the call itself is executed, and counted
        if ends:
            self.exit_status = self._register(words, 3) & 0xFF
            self.remote.send("k")
            return
        self._set("Z", words[PC])
        self.remote.send("c")

    def _set(self, on: str, address: int) -> None:
        """`on`: Z, or z for off."""
        if self.remote.ask(f"{on}0,{address:x},3") != "OK":
            raise ToolFailed(f"QEMU sets no breakpoint at {address:#x}")

    def _answer(self, words: list[int]) -> None:
        number, *given = (self._register(words, n) for n in (2, 3, 4, 5, 6))
        request = self._request(number, given)
        result, error = self.calls.answer(request, self.remote) if request else (-1, ENOSYS)
        for register, value in ((2, result), (3, error)):
            words[PHYSICAL + self._place(words, register)] = value & 0xFFFFFFFF
            if WINDOW + register < len(words):
                words[WINDOW + register] = value & 0xFFFFFFFF
        packed = b"".join(word.to_bytes(4, "little") for word in words)
        if self.remote.ask(f"G{packed.hex()}") != "OK":
            raise ToolFailed("QEMU takes no registers")

    def _request(self, number: int, given: list[int]) -> str:
        """Returns the name of a call in GDB's protocol; "" for a call without one."""
        a, b, c, _ = given
        if number == OPEN:
            return f"open,{a:x}/{self._length(a):x},{b & FLAGS:x},{c:x}"
        if number == SEEK:
            signed = b - (1 << 32) if b >> 31 else b
            return f"lseek,{a:x},{signed & (1 << 64) - 1:x},{c:x}"
        names = {READ: f"read,{a:x},{b:x},{c:x}", WRITE: f"write,{a:x},{b:x},{c:x}"}
        return {**names, CLOSE: f"close,{a:x}"}.get(number, "")

    def _length(self, address: int) -> int:
        """Bytes of the string there, its closing zero included."""
        for size in range(LONGEST_PATH):
            try:
                if self.remote.read(address + size, 1) == b"\0":
                    return size + 1
            except NoMemory:
                break
        return LONGEST_PATH + 1

    @staticmethod
    def _place(words: list[int], register: int) -> int:
        return (4 * words[WINDOW_BASE] + register) % COUNT

    @classmethod
    def _register(cls, words: list[int], number: int) -> int:
        return words[PHYSICAL + cls._place(words, number)]
