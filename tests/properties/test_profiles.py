"""Drawn cases of every operator that some reference rounds in a way of its own, under each profile:
references and variants on the host, and what the compiler picks for emulated cores.
"""

from __future__ import annotations

import pytest
from boardless.core.errors import BadInput, BoardlessError
from boardless.model import compiler, profiles, reference, traits
from boardless.model.graph import read
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from properties import records, runners, strategies

CASES = 12  # of each operator and profile
ROUNDED = [name for name in strategies.names() if traits.of(name.upper()).roundings is not None]
OTHERS = [name for name in profiles.names() if name != profiles.DEFAULT]
CURVES = ["logistic", "relu6"]  # tables, which some make in another way
operators = pytest.mark.parametrize("operator", [*ROUNDED, *CURVES])
every_profile = pytest.mark.parametrize("profile", OTHERS)


def check(
    operator: str, profile: str, machine: str, data: st.DataObject, dtype: str = "int8"
) -> None:
    """The machine gives the bits of the profile's interpreter, where that and the compiler take the
    case."""
    if profiles.load(profile).version() is None:
        pytest.skip(f"{profiles.load(profile).package} is not installed")
    case = data.draw(strategies.load(operator).cases(dtype))
    graph = read(case.content, "case").replace(profile=profile)
    runner = runners.load(machine)
    known = traits.of(operator.upper()).roundings
    rounds = known is not None and dtype == "int8"
    if rounds and known and profiles.load(profile).rounding(known) not in known:
        with pytest.raises(BoardlessError, match=f"the reference {profile} scales"):
            compiler.compile_graph(graph)
        return
    try:
        expected = reference.predict(case.oracle or case.content, case.inputs, profile=profile)
    except BoardlessError:  # what it takes is for other tests to say
        assume(False)
    for variants in [(), runner.variants] if machine == "host" else [runner.variants]:
        try:
            program = compiler.compile_graph(graph, variants)
        except BadInput as error:  # of int16 curves there is one kernel, of a bias one type
            if dtype != "int16" or f"the reference {profile} " not in error.what:
                raise
            assume(False)
        runners.equal(case, program, runner.run(program, case.inputs), expected)


@operators
@every_profile
@settings(max_examples=CASES)
@given(data=st.data())
def test_on_host(operator: str, profile: str, data: st.DataObject) -> None:
    check(operator, profile, "host", data)


WIDE = [(name, profile) for name in strategies.with_int16() for profile in OTHERS]
WIDE = [case for case in WIDE if case not in [("reduce_max", "tflm"), ("reduce_min", "tflm")]]


@pytest.mark.parametrize(("operator", "profile"), WIDE)
@settings(max_examples=CASES // 3)
@given(data=st.data())
def test_int16_on_host(operator: str, profile: str, data: st.DataObject) -> None:
    """XNNPACK takes no layers of int16 values, so that LiteRT's own kernels answer."""
    check(operator, profile, "host", data, "int16")


@pytest.mark.emulated
@pytest.mark.parametrize("board", dict.fromkeys([records.BOARD, "mps3-an547"]))
@every_profile
@settings(max_examples=CASES)
@given(data=st.data())
def test_dense_layers_on_cores(board: str, profile: str, data: st.DataObject) -> None:
    check("fully_connected", profile, board, data)
