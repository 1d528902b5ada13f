"""Remembers what went over a line, for messages and logs.

session = Recorded(session)
...
print("\\n".join(session.lines()[-20:]))
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from boardless.device.link.wrapped import Wrapped

REMEMBERED = 20_000  # sends and receipts; the oldest go first
SHOWN = 160  # characters of a line


@dataclass
class Recorded(Wrapped):
    """A Session that keeps a transcript of both directions."""

    log: deque[tuple[str, bytes]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def send(self, data: bytes) -> None:
        self.log.append((">", data))
        self.session.send(data)

    def receive(self, timeout: float) -> bytes:
        data = self.session.receive(timeout)
        if data:
            self.log.append(("<", data))
        return data

    def lines(self) -> list[str]:
        """The transcript: `> ` before what was sent, `< ` before what came, a line each."""
        merged: list[tuple[str, bytearray]] = []
        for direction, data in self.log:
            if merged and merged[-1][0] == direction:
                merged[-1][1].extend(data)
            else:
                merged.append((direction, bytearray(data)))
        return [
            f"{direction} {_readable(bytes(piece))}"
            for direction, data in merged
            for piece in (data.split(b"\r\n") if direction == "<" else data.split(b"%"))
            if piece
        ]


def _readable(data: bytes) -> str:
    if not all(32 <= byte < 127 for byte in data):
        return f"({len(data)} bytes) {data[:24].hex(' ')}{' ...' if len(data) > 24 else ''}"
    text = data.decode("ascii")
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}... ({len(text)} characters)"
