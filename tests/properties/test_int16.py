"""Kernels of int16 values on drawn cases against TFLite's reference kernels, to the last bit: on
the host under sanitizers, and some on the emulated core.

    pytest tests/properties/test_int16.py -k conv_2d --hypothesis-profile=deep
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from properties import drawn, runners, strategies
from properties.drawing import DrawnCase

OPERATORS = strategies.with_int16()
CORE = (settings.default.max_examples if settings.default else 100) // 25  # cases of each operator
operators = pytest.mark.parametrize(
    ("operator", "dtype"), [(name, "int16") for name in OPERATORS], ids=OPERATORS
)


@operators
@drawn.all_cases
def test_on_host(operator: str, dtype: str, cases: Sequence[DrawnCase]) -> None:
    runners.check_all(cases, "host")


@pytest.mark.emulated
@pytest.mark.parametrize("operator", OPERATORS)
@settings(max_examples=CORE)
@given(data=st.data())
def test_on_core(operator: str, data: st.DataObject) -> None:
    runners.check(data.draw(strategies.load(operator).cases("int16")), "core")
