from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from boardless.model.compiler import quantise
from boardless.model.graph import Quantisation, Tensor
from hypothesis import given
from hypothesis import strategies as st


@given(st.floats(2.0**-31, 2.0**29, allow_subnormal=False))
def test_multiplier_and_shift_come_within_half_a_unit(real: float) -> None:
    multiplier, shift = quantise.multiplier_and_shift(real)
    assert 1 << 30 <= multiplier < 1 << 31
    assert abs(Fraction(real) - Fraction(multiplier) * Fraction(2) ** (shift - 31)) <= Fraction(
        2
    ) ** (shift - 32)


@pytest.mark.parametrize(
    ("real", "expected"),
    [
        (0.0, (0, 0)),
        (1.0, (1 << 30, 1)),
        (0.5, (1 << 30, 0)),
        (2.0**-40, (0, 0)),  # too small for a shift of 31
        (2.0**40, ((1 << 31) - 1, 30)),  # saturated
        (math.nextafter(1.0, 0.0), (1 << 30, 1)),  # rounds up to the next power of two
    ],
)
def test_multiplier_and_shift_at_the_ends(real: float, expected: tuple[int, int]) -> None:
    assert quantise.multiplier_and_shift(real) == expected


@pytest.mark.parametrize(
    ("x", "expected"), [(0.5, 1), (-0.5, -1), (1.49, 1), (-2.5, -3), (2.5, 3), (0.0, 0)]
)
def test_round_away(x: float, expected: int) -> None:
    assert quantise.round_away(x) == expected


def test_activation_bounds_of_int8() -> None:
    tensor = Tensor("t", (1, 4), "int8", Quantisation((0.05,), (-100,), 0))
    assert quantise.activation_bounds("NONE", tensor) == (-128, 127)
    assert quantise.activation_bounds("RELU", tensor) == (-100, 127)
    assert quantise.activation_bounds("RELU6", tensor) == (-100, 20)
    assert quantise.activation_bounds("RELU_N1_TO_1", tensor) == (-120, -80)
    assert quantise.activation_bounds("SIGN_BIT", tensor) is None


def test_activation_bounds_of_float32() -> None:
    tensor = Tensor("t", (1, 4), "float32")
    largest = float(np.finfo(np.float32).max)
    assert quantise.activation_bounds("NONE", tensor) == (-largest, largest)
    assert quantise.activation_bounds("RELU6", tensor) == (0.0, 6.0)
