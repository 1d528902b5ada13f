"""The borders of counting, on cores whose timer is a counter of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from boardless.cycles.image import Image, Segment
from boardless.device.counting import watch

XTENSA = "004136 0ffd 03ea20 f01d"  # entry, mov.n, rsr.ccount, retw.n
CCOMPARE = "004136 03f020 f01d"  # rsr.ccompare0
RISCV = "1141 b0002573 8082"  # addi, csrr mcycle, ret
ECALL = "00000073 8082"  # the same opcode
THUMB = "6808 4770"


@pytest.mark.parametrize(
    ("isa", "code", "expected"),
    [
        ("xtensa", XTENSA, (0x1008,)),
        ("xtensa", CCOMPARE, ()),
        ("riscv", RISCV, (0x1006,)),
        ("riscv", ECALL, ()),
        ("thumb", THUMB, ()),
    ],
)
def test_the_reading_of_a_counter_is_found(isa: str, code: str, expected: tuple[int, ...]) -> None:
    content = b"".join(bytes.fromhex(word)[::-1] for word in code.split())
    image = Image(Path("x.elf"), isa, 0, (Segment(0x1000, content, True),), {})
    assert watch.behind_counter(image, (0x1000, 0x1000 + len(content))) == expected
