"""Instructions stay right where the board's 32-bit timer has wrapped, or are not stated."""

from __future__ import annotations

import itertools

import pytest
from boardless.device import boards, wrapped_timer
from boardless.device.emulators import qemu
from boardless.device.wrapped_timer import WRAP

BOARD = boards.load("mps2-an385")  # its timer counts 2,684,354,560 instructions


def convert(ticks: int) -> int:
    found = qemu.instructions(BOARD, ticks)
    assert found is not None
    return found


def test_what_the_timer_counts() -> None:
    assert convert(WRAP) == 2_684_354_560


@pytest.mark.parametrize("wraps", [0, 1, 2, 7])
@pytest.mark.parametrize("ticks", [0, 1, 12_345, WRAP // 2, WRAP - 1])
def test_a_reading_is_unwrapped_by_what_is_nearly_known(ticks: int, wraps: int) -> None:
    whole = convert(ticks + wraps * WRAP)
    for about in (whole, whole - 1_000_000_000, whole + 1_000_000_000):
        assert wrapped_timer.unwrapped(ticks, about, convert) == whole


def test_layers_add_up_beyond_the_timer() -> None:
    at = [0, 3 << 30, 6 << 30, 7 << 30, 10 << 30]
    marks = wrapped_timer.marks([t % WRAP for t in at], convert)
    assert marks == [convert(t) for t in at]
    others = [(t + 1000) % WRAP for t in (at[-1], at[-1] - 5000)]
    assert wrapped_timer.totals(others, marks[-1], convert) == tuple(
        convert(t + 1000) for t in (at[-1], at[-1] - 5000)
    )


def test_a_layer_that_may_wrap_by_itself() -> None:
    millions = [m * 1_000_000 for m in (1, 6)]
    assert not wrapped_timer.too_long(millions, "float32", convert)
    assert not wrapped_timer.too_long([60_000_000], "int8", convert)
    assert wrapped_timer.too_long([*millions, 7_000_000], "float32", convert)
    assert not wrapped_timer.too_long([], "float32", convert)
    assert [*itertools.pairwise(wrapped_timer.marks([], convert))] == []
