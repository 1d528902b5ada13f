"""Checks what counting reads from an ELF."""

from __future__ import annotations

from pathlib import Path

import pytest
from boardless.cycles import image


@pytest.mark.parametrize(
    ("head", "there"), [(b"\x7fELF\1\1\1\0", False), (b"\0\0\1\x20\1\1\1\0", True)]
)
def test_the_header_of_a_file_is_no_vector_table(head: bytes, there: bool) -> None:
    """The linker of Debian 13 loads it at 0; its second word is an address in a large program."""
    segment = image.Segment(0, head.ljust(0x11000, b"\0"), executable=True)
    elf = image.Image(Path("a.elf"), "thumb", 0x8179, (segment,), {})
    assert image.has_vectors(elf, 0) is there
