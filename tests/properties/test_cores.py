"""Every operator on every kind of core, not only on those whose kernels it has: some drawn cases
each, built by the core's own compiler, with the values of TFLite's reference kernels.

    pytest tests/properties/test_cores.py

The cases are the same for all cores, and drawn once.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from boardless.model import compiler
from properties import cortex_m0, drawing, records, runners, strategies
from properties.drawing import DrawnCase
from properties.records import Block, Kernels, Record

DRAWN, USED = 3, 2  # of each operator and type: the first ones are the simplest
MEMORY_BOARDS = ["esp32c3", "mps3-an547"]  # whose memory the host sees, too

pytestmark = pytest.mark.emulated


@functools.cache
def cases() -> tuple[DrawnCase, ...]:
    """All cases, the same every time."""
    names = [(name, dtype) for name in strategies.names() for dtype in strategies.dtypes(name)]
    return tuple(
        case
        for name, dtype in names
        for case in drawing.some(strategies.load(name).cases(dtype), DRAWN)[-USED:]
    )


@pytest.mark.parametrize("board", MEMORY_BOARDS)
def test_on_a_core(board: str) -> None:
    runner = runners.load(board)
    for case in cases():
        program = compiler.compile_graph(case.graph, runner.variants)
        try:
            found = runner.run(program, case.inputs)
            runners.equal(case, program, found, case.expected)
        except AssertionError as error:
            raise AssertionError(f"{case} on {board}: {error}") from error


@dataclass
class Recording:
    """The host's machine, which remembers the calls, and the memory behind each."""

    kernels: Kernels
    calls: list[tuple[str, Record]] = field(default_factory=list)
    after: list[bytes] = field(default_factory=list)
    floats: list[bool] = field(default_factory=list)

    def execute(self, several: Sequence[Record]) -> list[bytes]:
        for record in several:
            number = int.from_bytes(record.data[4:8], "little")
            self.calls.append((self.kernels.functions[number].name, record))
        self.after += runners.load("host").machine.execute(several)
        return self.after[-len(several) :]

    def close(self) -> None:
        """Leaves the host's machine to others."""


def test_on_a_cortex_m0() -> None:
    """Compares with what the same calls left on the host; float32 rounds in another way."""
    machine = Recording(records.host())
    runner = runners.Runner(machine, cortex_m0.board().variants)
    for case in cases():
        program = compiler.compile_graph(case.graph, runner.variants)
        runner.run(program, case.inputs)
    for (function, record), host, found in zip(
        machine.calls, machine.after, cortex_m0.execute(machine.calls), strict=True
    ):
        status, blocks = record.result(_numbered(found, record))
        assert status == 0, f"{function} refused its parameters"
        for block, a, b in zip(record.blocks, blocks, record.result(host)[1], strict=True):
            if block.writable and a != b:
                assert _close(a, b), f"{function}: {Block(a)}, not {Block(b)}"


def _numbered(after: bytes, record: Record) -> bytes:
    """Returns the memory with the number that the function has on the host."""
    return after[:4] + record.data[4:8] + after[8:]


def _close(a: bytes, b: bytes) -> bool:
    """Returns True where both are float32 values that differ by 1e-5 of the largest at most."""
    if len(a) % 4:
        return False
    found, wanted = np.frombuffer(a, np.float32), np.frombuffer(b, np.float32)
    if not np.isfinite(wanted).all():
        return False
    limit = max(1e-5 * float(np.abs(wanted).max(initial=0)), float(np.finfo(np.float32).tiny))
    return bool(np.allclose(found, wanted, rtol=0, atol=limit))
