"""Tests that whatever a device answers ends in one line of an expected kind, and soon."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from boardless.core.errors import BoardlessError, DeviceFault, LinkError
from boardless.data.records import Pictures
from boardless.device import cycle_counter, emulators, run
from boardless.device.link import answers, mlperf
from boardless.device.link.client import Client
from boardless.device.link.plain import PlainLine
from hostile_device import BUILD, Liar
from hypothesis import example, given
from hypothesis import strategies as st

FED = Pictures(np.zeros((3, 2, 2, 1), np.int8), None, "zeros")


class Emulator(SimpleNamespace):
    """A module of boardless.device.emulators whose devices are liars."""

    def __init__(self, **changes: Any) -> None:
        super().__init__(
            version=lambda board: "1",
            start=lambda board, elf, *, shared: Liar(BUILD, **changes),
            instructions=lambda board, ticks: ticks,
        )


def run_on(**changes: Any) -> run.Answers:
    """Follows the path from a booted device to its counts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(emulators, "load", lambda name: Emulator(**changes))
        board = dataclasses.replace(BUILD.board, emulators={"liar": SimpleNamespace()})
        build = dataclasses.replace(BUILD, board=board)
        options = run.Options("liar", link="uart", cycles=False)
        return run.run(build, FED, options, lambda n: None)


def replaced(key: str, value: str | None) -> Any:
    """A twist: the field `key` of any answer says `value`, or is not there."""

    def twist(command: str, lines: list[str]) -> list[str]:
        kept = [line for line in lines if not line.startswith(f"m-{key}-[")]
        return (
            lines
            if len(kept) == len(lines)
            else kept + [f"m-{key}-[{value}]"] * (value is not None)
        )

    return twist


def test_an_honest_device() -> None:
    found = run_on()
    assert found.outputs.shape == (3, 10)
    assert found.counts.instructions == (100, 100, 100)
    assert found.stack_bytes == 512


WRONG = [None, "", "zz", "-1", "1.5", " 1", "1 ", "0x10", "1e3", "９", "9" * 500, str(1 << 32)]


@pytest.mark.parametrize("key", ["ticks", "inferences", "stack", "cycles", "output"])
@pytest.mark.parametrize("value", WRONG)
def test_a_number_that_is_none(key: str, value: str | None) -> None:
    if key == "cycles" and value is None:
        return  # a core without a counter sends none
    if (key, value) == ("output", ""):
        value = "0"
    with pytest.raises(LinkError) as caught:
        run_on(twist=replaced(key, value))
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("output", ["00" * 9, "00" * 11, "00" * 40, "0" * 19, "g" * 20])
def test_an_output_of_another_size(output: str) -> None:
    with pytest.raises(LinkError):
        run_on(twist=replaced("output", output))


@pytest.mark.parametrize("ticks", ["0", "0 1 2", "0 1 2 3 4", "0  1 2 3", "0 1 2 x"])
def test_marks_that_do_not_fit_the_layers(ticks: str) -> None:
    def twist(command: str, lines: list[str]) -> list[str]:
        return [f"m-ticks-[{ticks}]"] if command == "layers" else lines

    with pytest.raises(LinkError):
        run_on(twist=twist)


@pytest.mark.parametrize(
    "report",
    [
        "e-[fault HardFault pc=zz lr=0x0]",
        "e-[fault HardFault pc= lr]",
        "e-[fault pc=0x" + "f" * 5000 + "]",
        "e-[fault \x1b]0;title\x07\x1b[2J pc=0x10]",
        "e-[fault " + "x" * 100_000 + "]",
        "e-[fault ]",
    ],
)
def test_a_fault_report_of_any_form(report: str) -> None:
    def twist(command: str, lines: list[str]) -> list[str]:
        return [report] if command == "predict" else lines

    with pytest.raises(DeviceFault, match="the firmware crashed") as caught:
        run_on(twist=twist)
    assert len(str(caught.value)) < 1200


def test_a_flood_of_lines_ends() -> None:
    class Flood(Liar):
        def receive(self, timeout: float) -> bytes:
            return b"m-more-[1] ~00000000\r\n" * 100

    client = Client(Flood(BUILD), patience_max=60, patience=60)
    began = time.monotonic()
    for ask in (client.boot, client.resync, client.hello, lambda: client.load(b"abcd")):
        with pytest.raises(
            LinkError, match=r"line after line|does not answer|no whole answer|not get"
        ):
            ask()
    assert time.monotonic() - began < 20


def test_a_flood_without_a_line_end_ends() -> None:
    class Flood(Liar):
        def receive(self, timeout: float) -> bytes:
            return b"x" * 65536

    client = Client(Flood(BUILD))
    with pytest.raises(LinkError):
        client.boot()
    terminal = PlainLine(Flood(BUILD))
    with pytest.raises(LinkError, match="a line without an end"):
        terminal.next_line()


VALUES = st.one_of(
    st.none(),
    st.sampled_from(
        ["", "0", "1", "-1", "4294967295", "4294967296", "9" * 30, "nan", "inf", "1e9"]
    ),
    st.integers(-(1 << 70), 1 << 70).map(str),
    st.text(max_size=12),
    st.lists(st.integers(0, 1 << 33), max_size=6).map(lambda n: " ".join(map(str, n))),
    st.binary(max_size=44).map(bytes.hex),
)
KEYS = st.sampled_from(
    ["protocol", "build", "model", "timer", "cycles", "output", "ticks", "inferences", "stack"]
)


@st.composite
def twists(draw: Any) -> Any:
    """Replaces fields, adds lines, leaves lines out, in some answers."""
    fields = draw(st.dictionaries(KEYS, VALUES, max_size=3))
    added = draw(st.lists(st.text(max_size=30), max_size=2))
    only = draw(st.sampled_from(["", "hello", "predict", "layers", "stack", "sync", "block"]))
    steps = [replaced(key, value) for key, value in fields.items()]

    def twist(command: str, lines: list[str]) -> list[str]:
        if command.startswith(only):
            for step in steps:
                lines = step(command, lines)
            lines = [*lines, *added]
        return lines

    return twist


@st.composite
def noises(draw: Any) -> Any:
    """Damages, cuts and doubles what is sent, now and then."""
    pieces = draw(st.lists(st.binary(max_size=20), max_size=4))
    every = draw(st.integers(1, 6))
    count = 0

    def raw(data: bytes) -> bytes:
        nonlocal count
        count += 1
        if not pieces or count % every:
            return data
        piece: bytes = pieces[count % len(pieces)]
        return data[: len(piece)] + piece + data[len(piece) :]

    return raw


def outcome(call: Callable[[], Any]) -> Any:
    """Returns what a call returns, or its error of an expected kind, whose text is short."""
    try:
        return call()
    except BoardlessError as error:
        found = error
    assert 0 < len(str(found)) < 1500
    return found


@given(twists())
@example(replaced("ticks", "4294967295"))
def test_any_answer(twist: Any) -> None:
    found = outcome(lambda: run_on(twist=twist))
    assert isinstance(found, BoardlessError) or found.outputs.shape == (3, 10)


@given(noises())
def test_any_noise(raw: Any) -> None:
    found = outcome(lambda: run_on(raw=raw))
    assert isinstance(found, BoardlessError) or found.outputs.shape == (3, 10)


@given(st.dictionaries(st.sampled_from(["cycles", "timer"]), st.text(max_size=12), max_size=2))
@example({"cycles": "dwt", "timer": "x"})
def test_a_cycle_counter_that_is_none(about: dict[str, str]) -> None:
    outcome(lambda: cycle_counter.read(about, [100, 200], [10, 20], [0, 5, 10], [0.1, 0.2]))


@given(st.lists(st.text(max_size=20), max_size=4))
@example(["m-lap-us-5", "m-results-[1,x]", "m-lap-us-9"])
@example(["m-lap-us-9", "m-results-[1,2]", "m-lap-us-5"])
@example(["m-lap-us-" + "9" * 500, "m-results-[1]", "m-lap-us-" + "9" * 500])
def test_mlperfs_lines(lines: list[str]) -> None:
    terminal = PlainLine(Liar(BUILD, twist=lambda command, _: lines if command else []))
    found = outcome(lambda: mlperf.infer(terminal, 1, 0))
    assert isinstance(found, BoardlessError) or found[1] >= 0


def test_an_address() -> None:
    assert answers.address("0x1f4") == 500
    assert answers.address("1F4") == 500
    for text in ("", "zz", "0x", "-1", "0x" + "1" * 17, "1_0", " 1"):
        assert answers.address(text) is None
