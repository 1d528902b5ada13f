"""Layers in a row against TFLite's reference kernels: what folding, fusing and the arena plan do to
them must not show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import chains, runners

dtypes = pytest.mark.parametrize("dtype", ["int8", "float32"])


@runners.machines
@dtypes
@given(data=st.data())
def test_padded_convolution(machine: str, dtype: str, data: st.DataObject) -> None:
    runners.check(data.draw(chains.padded_convolutions(dtype)), machine)


@runners.machines
@dtypes
@given(data=st.data())
def test_network(machine: str, dtype: str, data: st.DataObject) -> None:
    runners.check(data.draw(chains.networks(dtype)), machine)


@runners.machines
@dtypes
@given(data=st.data())
def test_buffers_read_twice_and_under_other_shapes(
    machine: str, dtype: str, data: st.DataObject
) -> None:
    kinds = st.one_of(chains.residuals(dtype), chains.reshapes(dtype))
    runners.check(data.draw(kinds), machine)
