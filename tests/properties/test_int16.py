"""Kernels of int16 values on drawn cases against TFLite's reference kernels, to the last bit: on
the host under sanitizers, and some on the emulated core.

    pytest tests/properties/test_int16.py -k conv_2d --hypothesis-profile=deep
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from properties import runners, strategies

OPERATORS = strategies.with_int16()
CASES = settings.default.max_examples if settings.default else 100
HOST, CORE = CASES // 5, CASES // 25  # of each operator


@pytest.mark.parametrize("operator", OPERATORS)
@settings(max_examples=HOST)
@given(data=st.data())
def test_on_host(operator: str, data: st.DataObject) -> None:
    runners.check(data.draw(strategies.load(operator).cases("int16")), "host")


@pytest.mark.emulated
@pytest.mark.parametrize("operator", OPERATORS)
@settings(max_examples=CORE)
@given(data=st.data())
def test_on_core(operator: str, data: st.DataObject) -> None:
    runners.check(data.draw(strategies.load(operator).cases("int16")), "core")
