"""Fixed-point scaling against exact integers of Python, on the host and on the emulated core.

Two roundings or one are part of TFLite's semantics, see firmware/kernels/requantise.h; each of them
is held here against its definition, at ties, at both ends of int32 and at the largest shifts.
"""

from __future__ import annotations

import struct
from fractions import Fraction

from boardless.model.compiler import quantise
from hypothesis import example, given
from hypothesis import strategies as st
from properties import runners
from properties.drawing import INT32_MAX, mostly

INT32_MIN = -INT32_MAX - 1
INT32 = mostly(
    st.integers(INT32_MIN, INT32_MAX), 0, 1, -1, INT32_MAX, INT32_MIN, 1 << 30, -(1 << 30)
)
# a tie of every right shift is an odd multiple of a power of two
TIES = st.builds(
    lambda odd, k: max(INT32_MIN, min(INT32_MAX, (2 * odd + 1) << k)),
    st.integers(-1000, 1000),
    st.integers(0, 29),
)
VALUES = st.lists(st.one_of(INT32, TIES), min_size=1, max_size=24)
MULTIPLIERS = st.one_of(
    mostly(st.integers(1 << 30, INT32_MAX), 0, 1 << 30, INT32_MAX, 3 << 29, (1 << 30) + 1)
)


def away(x: Fraction) -> int:
    """Rounds to the nearest integer, ties away from zero."""
    magnitude = int(abs(x) + Fraction(1, 2))
    return magnitude if x >= 0 else -magnitude


def wrapped(x: int) -> int:
    """Returns the value as int32 holds it."""
    return (x + (1 << 31)) % (1 << 32) - (1 << 31)


def high_mul(a: int, b: int) -> int:
    """round(a b / 2^31), the tie of a negative product towards zero plus one, as C divides."""
    product = a * b
    nudge = 1 << 30 if product >= 0 else 1 - (1 << 30)
    quotient = abs(product + nudge) >> 31
    return min(INT32_MAX, quotient if product + nudge >= 0 else -quotient)


def run(machine: str, function: str, values: list[int], multiplier: int, shift: int) -> list[int]:
    params = {"count": len(values), "multiplier": multiplier, "shift": shift}
    status, output, _ = runners.load(machine).probe(
        function,
        params,
        runners.words(values),
        4 * len(values),
        params_type="bl_probe_requantise",
    )
    assert status == 0
    return list(struct.unpack(f"<{len(values)}i", output))


@runners.machines
@given(values=VALUES, multiplier=INT32)
@example(values=[INT32_MIN], multiplier=INT32_MIN)
def test_high_mul(machine: str, values: list[int], multiplier: int) -> None:
    got = run(machine, "bl_probe_doubling_high_mul", values, multiplier, 0)
    assert got == [high_mul(x, multiplier) for x in values]
    for x, y in zip(values, got, strict=True):  # never further than half a unit, but saturated
        assert abs(Fraction(x * multiplier, 1 << 31) - y) <= Fraction(1, 2) or y == INT32_MAX


@runners.machines
@given(values=VALUES, multiplier=INT32.filter(lambda x: x > INT32_MIN))
def test_high_mul_by_parts(machine: str, values: list[int], multiplier: int) -> None:
    got = run(machine, "bl_probe_doubling_high_mul_16", values, multiplier, 0)
    assert got == [high_mul(x, multiplier) for x in values]


@runners.machines
@given(values=VALUES, exponent=st.integers(0, 31))
def test_rounding_shift_right(machine: str, values: list[int], exponent: int) -> None:
    got = run(machine, "bl_probe_rounding_shift_right", values, 0, exponent)
    assert got == [away(Fraction(x, 1 << exponent)) for x in values]


@runners.machines
@given(values=VALUES, multiplier=MULTIPLIERS, shift=st.integers(-31, 30))
def test_requantise(machine: str, values: list[int], multiplier: int, shift: int) -> None:
    got = run(machine, "bl_probe_requantise_twice", values, multiplier, shift)
    left, right = max(shift, 0), max(-shift, 0)
    high = [high_mul(wrapped(x << left), multiplier) for x in values]
    assert got == [away(Fraction(h, 1 << right)) for h in high]


@runners.machines
@given(values=VALUES, multiplier=MULTIPLIERS, shift=st.integers(-31, 30))
def test_requantise_once(machine: str, values: list[int], multiplier: int, shift: int) -> None:
    got = run(machine, "bl_probe_requantise_once", values, multiplier, shift)
    exact = [away(Fraction(x * multiplier, 1 << (31 - shift))) for x in values]
    assert got == [wrapped(y) for y in exact]


@given(real=st.floats(0, 2.0**30, allow_subnormal=False))
@example(real=0.0)
@example(real=1 - 2.0**-40)
@example(real=2.0**-33)
@example(real=2.0**-32 * (1 - 2.0**-40))
def test_multiplier_and_shift(real: float) -> None:
    """The pair stands for the real number within half a unit of 31 bits, or is 0 when too small."""
    multiplier, shift = quantise.multiplier_and_shift(real)
    if multiplier == 0:
        assert real < 2.0**-32
        return
    assert 1 << 30 <= multiplier <= INT32_MAX
    assert -31 <= shift <= 30
    if real < 2.0**30 * (1 - 2.0**-31):
        error = abs(Fraction(multiplier) * Fraction(2) ** (shift - 31) - Fraction(real))
        assert error <= Fraction(2) ** (shift - 32)
