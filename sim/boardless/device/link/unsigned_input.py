"""Converts pixels 0..255 to an int8 model's input, for MLPerf Tiny's vww01 and ic01.

    session = UnsignedInput(session)
    session.send(b"db 00ff%")  # the device gets db 807f: -128 and 127

The benchmark's own firmware subtracts 128 from each byte; ours takes the model's own type.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from boardless.device.link.wrapped import Wrapped

LONGEST = 4096  # bytes of a command
BYTES = re.compile(rb"([\s\0]*db )((?:[0-9a-fA-F]{2})+)")


@dataclass
class UnsignedInput(Wrapped):
    """A Session that makes q - 128 of the bytes in `db HH..`; a command goes on when whole."""

    unfinished: bytearray = field(default_factory=bytearray)

    def send(self, data: bytes) -> None:
        *commands, rest = bytes(self.unfinished + data).split(b"%")
        if len(rest) > LONGEST:  # no command of the device's
            self.session.send(rest)
            rest = b""
        self.unfinished[:] = rest
        for command in commands:
            if found := BYTES.fullmatch(command):
                signed = bytes(b ^ 0x80 for b in bytes.fromhex(found[2].decode()))
                command = found[1] + signed.hex().encode()
            self.session.send(command + b"%")
