"""Reads the cycle counter of a real core: 32 bits that may have wrapped, and a timer. Pure.

measured, problem = read(hello, cycles, ticks, layer_ticks, waited, clock_hz=168_000_000)

At 168 MHz DWT's CYCCNT wraps after 25.6 s. If the core's clock is known, the host's clock, which is
exact to half of that, tells how often it did.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

from boardless.core.errors import BadInput
from boardless.device.link import answers
from boardless.device.records import HardwareCycles

WRAP = 1 << 32
FASTEST_HZ = 1_000_000_000  # no core that is asked runs faster
TOLERANCE = 0.01  # of a clock: the counter runs some 30 cycles longer than the timer


def read(
    about: Mapping[str, str],
    cycles: Iterable[int],
    ticks: Iterable[int],
    layer_ticks: Sequence[int],
    waited: Sequence[float],
    clock_hz: int = 0,
) -> tuple[HardwareCycles | None, str]:
    """Returns the cycles that were measured, or None and the reason. `about` is the device's hello;
    `cycles`, `ticks` and `waited` (seconds until it answered) are of each inference, `layer_ticks`
    at the start of each layer of one, then at its end. `clock_hz` is that of the core, 0 if
    unknown.

    Counter and timer ran over the same inferences: their ratio gives the clock, and the cycles of
    each layer to within one tick. BadInput if that is not the stated clock.
    """
    counter, timer_hz = about.get("cycles", "none"), answers.number(about, "timer", default="0")
    if counter == "none":
        return None, "this core has no cycle counter"
    longest = max(waited, default=0.0)
    if not clock_hz and longest * FASTEST_HZ >= WRAP:
        return None, (
            f"an inference of {longest:.0f} s may be too long for the 32 bits of {counter}: say "
            "--clock HZ"
        )
    whole = [unwrapped(int(c), clock_hz, s) for c, s in zip(cycles, waited, strict=True)]
    elapsed = sum(unwrapped(int(t), timer_hz, s) for t, s in zip(ticks, waited, strict=True))
    ratio = sum(whole) / elapsed if elapsed else 0.0
    by_timer = _usual(ratio) * timer_hz
    if clock_hz and by_timer and abs(by_timer / clock_hz - 1) > TOLERANCE:
        raise BadInput(
            f"by its timer the board runs at {by_timer / 1e6:g} MHz, not at {clock_hz / 1e6:g} MHz",
            hint="correct --clock, or clock_hz in its board.toml",
        )
    layers = [(b - a) % WRAP for a, b in itertools.pairwise(layer_ticks)] if ratio else []
    return HardwareCycles(
        counter=counter,
        cycles=tuple(whole),
        layers=tuple(round(n * ratio) for n in layers),
        clock_hz=clock_hz or round(by_timer),
    ), ""


def unwrapped(count: int, hz: int, seconds: float) -> int:
    """A 32-bit count after about `seconds` at `hz`; as it is where `hz` is 0."""
    return count + WRAP * max(0, round((seconds * hz - count) / WRAP))


def _usual(ratio: float) -> float:
    """Timers run at a whole fraction of the core's clock, or the core at one of theirs."""
    for exact in (round(ratio), 1 / round(1 / ratio) if ratio and round(1 / ratio) else 0):
        if exact and abs(ratio / exact - 1) <= TOLERANCE:
            return exact
    return ratio
