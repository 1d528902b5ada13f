"""Instructions by a board's timer of 32 bits, which may have wrapped. Pure.

at = unwrapped(ticks, about, convert)     # instructions, near to what is known of them

Where an emulator counts an instruction every 2^shift ns of its time, a timer of 25 MHz wraps after
2,684 million instructions: a second of a real core.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

WRAP = 1 << 32
Convert = Callable[[int], int]  # from ticks to instructions
# No kernel takes more per multiply-accumulate: float32 in software, int8 on a core without SIMD.
MOST_PER_MAC = {"float32": 400, "int8": 40}


def unwrapped(ticks: int, about: int, convert: Convert) -> int:
    """Returns the instructions of a reading that is short of a multiple of 2^32 ticks: those that
    are nearest to `about`."""
    period = convert(WRAP) - convert(0)
    return convert(ticks + WRAP * max(0, round((about - convert(ticks)) / period)))


def totals(ticks: Sequence[int], first: int, convert: Convert) -> tuple[int, ...]:
    """Returns the instructions of each inference; `first` are those of the first one, from which no
    other differs by as much as half of what the timer can count."""
    return tuple(unwrapped(t, first, convert) for t in ticks)


def marks(ticks: Sequence[int], convert: Convert) -> list[int]:
    """Returns the instructions up to each mark of one inference, if the timer wraps no more than
    once from one mark to the next."""
    steps = [(b - a) % WRAP for a, b in itertools.pairwise(ticks)]
    return [convert(at) for at in itertools.accumulate(steps, initial=ticks[0] if ticks else 0)]


def too_long(macs: Sequence[int], dtype: str, convert: Convert) -> bool:
    """Returns whether a layer of so many multiply-accumulates may wrap the timer by itself."""
    most = max(macs, default=0) * MOST_PER_MAC.get(dtype, MOST_PER_MAC["float32"])
    return most >= convert(WRAP)
