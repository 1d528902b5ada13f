"""GDB's remote serial protocol, the debugger's side, towards a guest that has stopped.

remote = Remote(socket)
remote.send("c")
request = remote.receive()    # such as Fwrite,1,20000000,5
"""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass, field

from boardless.core.errors import BoardlessError, ToolFailed

PIECE = 1024  # bytes of memory in one packet; QEMU takes up to 2,047
PATIENCE = 30.0  # seconds that a stopped guest may take to answer
LONGEST = 1 << 20  # bytes without a packet's end: more is not QEMU
PACKET = re.compile(rb"\$([^#]*)#[0-9a-fA-F]{2}", re.DOTALL)


class NoMemory(Exception):
    """The guest named an address where no memory is."""


class Ended(BoardlessError):
    """QEMU has closed the connection."""


def stopped(packet: str) -> ToolFailed:
    """The error where the guest has stopped and asks for nothing."""
    return ToolFailed(f"the program stopped ({packet[:20]})", hint="does it need a debugger?")


@dataclass
class Remote:
    """One connection. Nothing may be sent while the guest runs: any byte would stop it."""

    line: socket.socket
    received: bytearray = field(default_factory=bytearray)
    owed: bytes = b""

    def send(self, packet: str) -> None:
        """The packet, behind the acknowledgement of what was received last."""
        framed = f"${packet}#{sum(packet.encode()) % 256:02x}".encode()
        try:
            self.line.sendall(self.owed + framed)
        except OSError as error:
            raise Ended("QEMU has ended") from error
        self.owed = b""

    def receive(self) -> str:
        """The next packet; Ended at the end of the connection."""
        deadline = time.monotonic() + PATIENCE
        while (packet := self.next_packet()) is None:
            self.fill(deadline - time.monotonic())
        return packet

    def next_packet(self) -> str | None:
        """The next packet of what has been received; None where there is no whole one."""
        found = PACKET.search(self.received)
        if found is None:
            return None
        packet = found[1].decode("ascii", "replace")  # before the buffer changes
        del self.received[: found.end()]
        self.owed = b"+"
        return packet

    def fill(self, timeout: float) -> None:
        """Receives at least a byte; Ended at the end of the connection."""
        self.line.settimeout(max(0.01, timeout))
        try:
            fresh = self.line.recv(65536)
        except TimeoutError as error:
            raise ToolFailed("QEMU's debugger interface does not answer") from error
        except OSError:
            fresh = b""
        if not fresh:
            raise Ended("QEMU has ended")
        self.received += fresh
        if len(self.received) > LONGEST:
            raise ToolFailed("QEMU's debugger interface sends no packets")

    def ask(self, packet: str) -> str:
        self.send(packet)
        return self.receive()

    def read(self, address: int, size: int) -> bytes:
        """The guest's memory; NoMemory where some of it is none."""
        found = bytearray()
        while len(found) < size:
            wanted = min(PIECE, size - len(found))
            answer = self.ask(f"m{address + len(found):x},{wanted:x}")
            try:
                piece = bytes.fromhex(answer)
            except ValueError:  # E14
                piece = b""
            if len(piece) != wanted:
                raise NoMemory(f"{address:#x}")
            found += piece
        return bytes(found)

    def write(self, address: int, data: bytes) -> None:
        for start in range(0, len(data), PIECE):
            piece = data[start : start + PIECE]
            if self.ask(f"M{address + start:x},{len(piece):x}:{piece.hex()}") != "OK":
                raise NoMemory(f"{address:#x}")

    def words(self) -> list[int]:
        """The registers in the order of the debugger's list, as little-endian 32-bit words."""
        try:
            raw = bytes.fromhex(re.sub("[^0-9a-fA-F].*", "", self.ask("g")))
        except ValueError:
            raw = b""
        return [int.from_bytes(raw[i : i + 4], "little") for i in range(0, len(raw) - 3, 4)]
