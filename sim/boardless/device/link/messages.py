"""Commands and replies as bytes, pure. The other side is firmware/protocol/link.c.

    command("predict") == b"predict ~bd1d76e2%"

A command ends with '%', a reply line with CR LF; " ~" and 8 hex digits before the end are the
CRC-32 of what stands before them. Picture bytes travel as one COBS block that ends with byte 0.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

RESYNC = b"\0"  # ends a block, drops an unfinished command
FIELD = re.compile(r"m-([a-z]+)-\[(.*)\]")


@dataclass(frozen=True)
class Reply:
    """One line; `trusted` if its checksum was there and right."""

    text: str
    trusted: bool


def checksummed(text: str) -> str:
    return f"{text} ~{zlib.crc32(text.encode()):08x}"


def command(text: str) -> bytes:
    return f"{checksummed(text)}%".encode()


def block(offset: int, data: bytes) -> bytes:
    """Writes `data` at `offset` bytes into the model's input."""
    return command(f"block {offset} {len(data)} {zlib.crc32(data):08x}") + cobs(data) + b"\0"


def cobs(data: bytes) -> bytes:
    """Consistent overhead byte stuffing: the same bytes without a zero among them.

    A code byte n says that n - 1 bytes follow as they are and then, unless n is 255 or it is the
    end, a zero. (The package of this name has no wheels, so it would need a compiler here.)
    """
    out = bytearray()
    for piece in data.split(b"\0"):
        full, rest = divmod(len(piece), 254)
        for i in range(full):
            out += b"\xff" + piece[i * 254 : (i + 1) * 254]
        out += bytes([rest + 1]) + piece[full * 254 :]
    return bytes(out)


def reply(line: bytes) -> Reply:
    """A received line, without its CR LF."""
    text = line.decode("ascii", "replace")
    body, mark, digits = text.rpartition(" ~")
    if mark and digits == f"{zlib.crc32(body.encode()):08x}":
        return Reply(body, True)
    return Reply(text, False)


def fields(lines: list[str]) -> dict[str, str]:
    """m-key-[value] lines as key -> value."""
    found = (FIELD.fullmatch(line) for line in lines)
    return {m.group(1): m.group(2) for m in found if m}
