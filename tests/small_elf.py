"""A small ELF for Arm, made without a compiler, whose every header can be changed.

content = small_elf.made(symbols={"sh_type": 8})
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

CODE = bytes.fromhex("00bf704700bf7047")  # nop; bx lr; nop; bx lr
ADDRESS = 0x8000
HEADER = (
    *("e_type", "e_machine", "e_version", "e_entry", "e_phoff", "e_shoff", "e_flags"),
    *("e_ehsize", "e_phentsize", "e_phnum", "e_shentsize", "e_shnum", "e_shstrndx"),
)
SEGMENT = (
    *("p_type", "p_offset", "p_vaddr", "p_paddr", "p_filesz", "p_memsz", "p_flags", "p_align"),
)
SECTION = (
    *("sh_name", "sh_type", "sh_flags", "sh_addr", "sh_offset", "sh_size", "sh_link", "sh_info"),
    *("sh_addralign", "sh_entsize"),
)
NAMES = b"\0.text\0.symtab\0.strtab\0"
STRINGS = b"\0main\0other\0"


def made(
    *,
    ident: bytes = b"\x7fELF\x01\x01\x01",
    header: Mapping[str, int] = {},
    segment: Mapping[str, int] = {},
    text: Mapping[str, int] = {},
    symbols: Mapping[str, int] = {},
    strings: Mapping[str, int] = {},
) -> bytes:
    """Returns the file; each mapping replaces fields of a header, by the names in elf.h."""
    table = bytes(16) + b"".join(
        struct.pack("<IIIBBH", name, ADDRESS + at + 1, 4, 0x12, 0, 1)
        for name, at in ((1, 0), (6, 4))
    )
    start = 52 + 32
    at_table = start + len(CODE)
    at_strings = at_table + len(table)
    at_names = at_strings + len(STRINGS)
    at_sections = -(-(at_names + len(NAMES)) // 4) * 4
    sections: list[tuple[list[int], Mapping[str, int]]] = [
        ([0] * 10, {}),
        ([1, 1, 6, ADDRESS, start, len(CODE), 0, 0, 4, 0], text),
        ([7, 2, 0, 0, at_table, len(table), 3, 1, 4, 16], symbols),
        ([15, 3, 0, 0, at_strings, len(STRINGS), 0, 0, 1, 0], strings),
        ([15, 3, 0, 0, at_names, len(NAMES), 0, 0, 1, 0], {}),
    ]
    values = [2, 40, 1, ADDRESS + 1, 52, at_sections, 0x5000400, 52, 32, 1, 40, len(sections), 4]
    loads = [1, start, ADDRESS, ADDRESS, len(CODE), len(CODE), 5, 4]
    out = ident.ljust(16, b"\0") + struct.pack("<HHIIIIIHHHHHH", *_with(HEADER, values, header))
    out += struct.pack("<8I", *_with(SEGMENT, loads, segment)) + CODE + table + STRINGS + NAMES
    out = out.ljust(at_sections, b"\0")
    return out + b"".join(struct.pack("<10I", *_with(SECTION, v, c)) for v, c in sections)


def _with(names: tuple[str, ...], values: list[int], changes: Mapping[str, int]) -> list[Any]:
    assert {*changes} <= {*names}
    return [changes.get(name, value) for name, value in zip(names, values, strict=True)]
