"""An Xtensa ELF that makes simulator calls, assembled here: the compiler is not in every machine.

path.write_bytes(elf([{2: WRITE, 3: 1, 4: ADDRESS, 5: 6}, {2: EXIT, 3: 9}], b"hello\\n"))
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

ADDRESS = 0x2000  # of the data
EXIT, READ, WRITE, OPEN, CLOSE, SEEK = 1, 3, 4, 5, 6, 19
SIMCALL, HALT = b"\x00\x51\x00", b"\x06\xff\xff"  # the latter jumps to itself
HEADER, MACHINE = 0x1000, 94


def elf(calls: Sequence[Mapping[int, int]], data: bytes) -> bytes:
    """One simulator call after the other, each with these values in its registers."""
    data += bytes(-len(data) % 4)
    literals = [value for call in calls for value in call.values()]
    pool = ADDRESS + len(data)
    entry = pool + 4 * len(literals)
    code, used = b"", 0
    for call in calls:
        for register in call:
            here = (entry + len(code) + 3) & ~3
            words = (pool + 4 * used - here) >> 2  # l32r
            code += ((words & 0xFFFF) << 8 | register << 4 | 1).to_bytes(3, "little")
            used += 1
        code += SIMCALL
    body = data + struct.pack(f"<{len(literals)}I", *literals) + code + HALT
    ident = b"\x7fELF\x01\x01\x01" + bytes(9)
    head = struct.pack("<HHIIIIIHHHHHH", 2, MACHINE, 1, entry, 52, 0, 0x300, 52, 32, 1, 0, 0, 0)
    segment = struct.pack("<8I", 1, HEADER, ADDRESS, ADDRESS, len(body), len(body), 7, HEADER)
    return (ident + head + segment).ljust(HEADER, b"\0") + body
