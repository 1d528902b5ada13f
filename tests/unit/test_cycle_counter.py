"""Counters of 32 bits: how often they wrapped, the clock and the layers that they tell."""

from __future__ import annotations

import pytest
from boardless.core.errors import BadInput
from boardless.device import cycle_counter
from boardless.device.cycle_counter import WRAP
from boardless.device.records import HardwareCycles
from hypothesis import given
from hypothesis import strategies as st

DWT = {"cycles": "dwt", "timer": "4000000"}
LAYERS = [0, 10, 40, 100]


def test_layers_and_clock_come_from_timer_and_counter_together() -> None:
    found = cycle_counter.read(DWT, [401, 403], [100, 101], LAYERS, [0.1, 0.1])
    assert found == (HardwareCycles("dwt", (401, 403), (40, 120, 240), 16_000_000), "")
    without = cycle_counter.read(DWT | {"timer": "0"}, [401, 403], [0, 0], LAYERS, [0.1, 0.1])
    assert without == (HardwareCycles("dwt", (401, 403), (), 0), "")
    said = cycle_counter.read(DWT | {"timer": "0"}, [401], [0], LAYERS, [0.1], 8_000_000)
    assert said == (HardwareCycles("dwt", (401,), (), 8_000_000), "")


def test_a_core_without_a_counter() -> None:
    found = cycle_counter.read({"cycles": "none", "timer": "4000000"}, [0], [100], LAYERS, [0.1])
    assert found == (None, "this core has no cycle counter")


@pytest.mark.parametrize(
    ("cycles", "ticks", "clock"),
    [
        (100_030, 100_000, 4_000_000),  # the calls of the timer belong to the counter alone
        (1_000_030, 100_000, 40_000_000),
        (50_030, 100_000, 2_000_000),
        (525_000, 100_000, 21_000_000),  # of a PLL: as it is
    ],
)
def test_the_clock_is_a_usual_multiple_of_the_timers(cycles: int, ticks: int, clock: int) -> None:
    found, _ = cycle_counter.read(DWT, [cycles], [ticks], LAYERS, [0.1])
    assert found
    assert found.clock_hz == clock


@given(
    st.integers(0, 1 << 38),
    st.sampled_from([8_000_000, 16_000_000, 168_000_000, 600_000_000]),
    st.floats(0, 0.5),
)
def test_a_counter_that_wrapped_is_made_whole(cycles: int, hz: int, late: float) -> None:
    """`late`: seconds until the answer was heard, of which the line takes some."""
    assert cycle_counter.unwrapped(cycles % WRAP, hz, cycles / hz + late) == cycles


def test_counter_and_timer_that_both_wrapped() -> None:
    """Covers 300 s at 160 MHz, with a timer of 16 MHz that wraps in the second layer."""
    seconds, hz, timer = 300, 160_000_000, 16_000_000
    about = {"cycles": "ccount", "timer": str(timer)}
    marks = [0, 150 * timer, 290 * timer % WRAP, 300 * timer % WRAP]
    cycles, ticks = [seconds * hz % WRAP] * 2, [seconds * timer % WRAP] * 2
    found, _ = cycle_counter.read(about, cycles, ticks, marks, [300.1, 300.02], hz)
    assert found == HardwareCycles("ccount", (seconds * hz,) * 2, (150 * hz, 140 * hz, 10 * hz), hz)


def test_an_inference_that_may_have_wrapped_is_not_guessed() -> None:
    found, problem = cycle_counter.read(DWT, [401], [100], LAYERS, [31.0])
    assert found is None
    assert problem == (
        "an inference of 31 s may be too long for the 32 bits of dwt: say --clock HZ"
    )


def test_a_clock_that_the_timer_contradicts() -> None:
    with pytest.raises(BadInput, match="the board runs at 16 MHz, not at 168 MHz; correct --clock"):
        cycle_counter.read(DWT, [401], [100], LAYERS, [0.1], 168_000_000)
