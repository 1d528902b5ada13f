"""Runs kernels and compiled one-operator models as records: on the host, and on the emulated core.

    outputs = load("host").run(compile_graph(graph), inputs)

A runner starts on its first call, stays for the whole test session and starts again after a crash.
"""

from __future__ import annotations

import atexit
import functools
import itertools
import math
import struct
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pytest
from boardless.core import paths
from boardless.device import boards
from boardless.model import compiler, traits
from boardless.model.compiler.kernels import Constant
from properties import records
from properties.drawing import DrawnCase
from properties.machines import EmulatedCore, HostProcess, Machine
from properties.records import PATTERN, Block, Record

SPARE = 0, 1_000, 1 << 14  # bytes: room for the fewest pixels at once, and for many
Result = TypeVar("Result")
# Yields calls, gets the memory of each after it, and returns a Result.
Steps = Generator[list[Record], list[bytes], Result]


class Refused(AssertionError):
    """A kernel's answer was an error."""


@dataclass
class Runner:
    """Calls kernels on a machine and checks guard bytes and read-only buffers."""

    machine: Machine
    variants: tuple[str, ...]  # the optimised kernels that it can run

    def run(self, program: compiler.Program, inputs: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Raw outputs (N, count) of inputs (N, ...), as the generated C would compute them."""
        return self.run_together([(program, inputs)])[0]

    def run_together(
        self, jobs: Sequence[tuple[compiler.Program, npt.NDArray[Any]]]
    ) -> list[npt.NDArray[Any]]:
        """Returns what `run` does, of several. The first layers of all programs run, with all
        inputs, then the second ones: to ask an emulated core takes longer than to compute."""
        found: dict[int, npt.NDArray[Any]] = {}
        steps = [self._steps(*job) for job in jobs]
        waiting: dict[int, Any] = dict.fromkeys(range(len(jobs)))  # what each goes on with
        while waiting:
            asked: dict[int, list[Record]] = {}
            for i, after in waiting.items():
                try:
                    asked[i] = steps[i].send(after)
                except StopIteration as end:
                    found[i] = end.value
            memories = iter(self.machine.execute(list(itertools.chain(*asked.values()))))
            waiting = {i: list(itertools.islice(memories, len(asked[i]))) for i in asked}
        return [found[i] for i in range(len(jobs))]

    def _steps(self, program: compiler.Program, inputs: npt.NDArray[Any]) -> Steps[Any]:
        """Yields the calls of one layer after the other; returns the raw outputs. All inputs go
        through a layer together, but where one needs the states that the one before has left."""
        states = {state.offset: state.value for state in program.states}
        outputs = []
        for several in ([picture] for picture in inputs) if program.keeps_states else [inputs]:
            arenas = [_arena(program, picture, states) for picture in several]
            for layer in program.layers:
                yield from self._layer(layer, arenas)
            for arena in arenas:
                output = bytearray(program.output.nbytes)
                for place in ports(program.outputs, program.output_offset, len(output)):
                    found = arena[place.offset : place.offset + place.size]
                    output[place.packed : place.packed + place.size] = found
                outputs.append(np.frombuffer(bytes(output), program.output.dtype))
            if program.keeps_states:
                states = {at: bytes(arenas[0][at : at + len(old)]) for at, old in states.items()}
        return np.stack(outputs)

    def _layer(self, layer: compiler.Layer, arenas: Sequence[bytearray]) -> Steps[None]:
        """One kernel call for each arena. Each range of it that the call may use is a buffer of its
        own, ranges that overlap are one; the rest of the arena is not there."""
        call = layer.call
        inputs = [
            (offset, offset + nbytes(text))
            for offset, text in zip(layer.inputs, layer.input_shapes, strict=True)
        ]
        outputs = [
            (offset, offset + nbytes(text))
            for offset, text in zip(layer.outputs, layer.output_shapes, strict=True)
        ]
        scratch = (layer.scratch, layer.scratch + call.scratch_bytes)
        used = [*inputs, *outputs, *([scratch] if call.scratch_bytes else [])]
        ranges = merged(used)

        def place(span: tuple[int, int]) -> tuple[int, int]:
            number = next(i for i, (b, e) in enumerate(ranges) if b <= span[0] and span[1] <= e)
            return number, span[0] - ranges[number][0]

        own = outputs + [scratch] * bool(call.scratch_bytes)
        written = {place(span)[0] for span in own}
        fixed = [Block(self.machine.kernels.pack(call.params_type, call.params))]
        arguments: list[tuple[int, int] | int | None] = [(len(ranges), 0)]
        arguments += [place(span) for span in inputs]
        arguments += constants(call.constants, len(ranges), fixed)
        if call.scratch_bytes:
            arguments += [place(scratch), call.scratch_bytes]
        arguments += [place(span) for span in outputs]
        several = [
            [
                *(
                    Block(bytes(arena[b:e]), i in written, phase=(b + 8) % 16)
                    for i, (b, e) in enumerate(ranges)
                ),
                *fixed,
            ]
            for arena in arenas
        ]
        made = self._records(call.function, several, arguments)
        for arena, record, memory in zip(arenas, made, (yield made), strict=True):
            status, after = record.result(memory)
            if status != 0:
                raise Refused(f"{call.function} refused its parameters: status {status}")
            for number in written:
                begin, data = ranges[number][0], after[number]
                mine = [span for span in own if place(span)[0] == number]
                _unchanged(record.blocks[number].data, data, mine, begin, call.function)
            for begin, end in outputs:
                number, offset = place((begin, end))
                arena[begin:end] = after[number][offset : offset + end - begin]

    def probe(
        self,
        function: str,
        params: dict[str, Any],
        source: bytes,
        output_bytes: int,
        scratch_bytes: int | None = None,
        params_type: str | None = None,
    ) -> tuple[int, bytes, bytes]:
        """(status, output, scratch) of a function in firmware/app_kernels/probe.h."""
        blocks = [
            Block(self.machine.kernels.pack(params_type or function, params)),
            Block(source),
            Block(bytes([PATTERN]) * output_bytes, writable=True),
            Block(bytes([PATTERN]) * (scratch_bytes or 0), writable=True),
        ]
        arguments: list[tuple[int, int] | int | None] = [(0, 0), (1, 0)]
        if scratch_bytes is not None:
            arguments += [(3, 0), scratch_bytes]
        (made,) = self._records(function, [blocks], [*arguments, (2, 0)])
        status, after = made.result(self.machine.execute([made])[0])
        return status, after[2], after[3]

    def _records(
        self,
        function: str,
        several: Sequence[Sequence[Block]],
        arguments: Sequence[tuple[int, int] | int | None],
    ) -> list[Record]:
        """Calls of a function that differ in what their blocks hold."""
        number, whole = self._padded(function, arguments)
        return [records.record(number, blocks, whole) for blocks in several]

    def _padded(
        self, function: str, arguments: Sequence[tuple[int, int] | int | None]
    ) -> tuple[int, list[tuple[int, int] | int | None]]:
        """Returns (the function's number, its arguments with those that a variable list lacks)."""
        number, found = self.machine.kernels.find(function)
        return number, [*arguments, *[None] * (len(found.pointers) - len(arguments))]


def _unchanged(
    before: bytes, after: bytes, written: Sequence[tuple[int, int]], begin: int, function: str
) -> None:
    """Checks that a call left what it may not write, where its output shares memory with an
    input."""
    expected = bytearray(before)
    for first, end in written:
        expected[first - begin : end - begin] = after[first - begin : end - begin]
    if expected != after:
        changed = next(i for i, (a, b) in enumerate(zip(expected, after, strict=True)) if a != b)
        raise AssertionError(f"{function} wrote byte {changed} of its input, outside of its output")


def constants(
    constants: Sequence[Constant], before: int, blocks: list[Block]
) -> list[tuple[int, int] | int | None]:
    """Arguments for a call's constants, each a buffer of its own, added to `blocks`, which has
    `before` others in front of it."""
    arguments: list[tuple[int, int] | int | None] = []
    for constant in constants:
        if constant.data is None:
            arguments.append(None)
            continue
        arguments.append((before + len(blocks), 0))
        blocks.append(Block(np.ascontiguousarray(constant.data).tobytes()))
    return arguments


def _arena(
    program: compiler.Program, picture: npt.NDArray[Any], states: Mapping[int, bytes]
) -> bytearray:
    """Returns the arena before an inference; `states` are values of variables, by their offset."""
    arena = bytearray([PATTERN]) * program.arena.arena_bytes
    for offset, value in states.items():
        arena[offset : offset + len(value)] = value
    raw = np.ascontiguousarray(picture).tobytes()
    for place in ports(program.inputs, program.input_offset, len(raw)):
        packed = raw[place.packed : place.packed + place.size]
        arena[place.offset : place.offset + place.size] = packed
    return arena


def ports(
    several: tuple[compiler.Place, ...], offset: int, size: int
) -> tuple[compiler.Place, ...]:
    """Returns the places of a model's inputs or outputs, also where there is only one."""
    return several or (compiler.Place(0, offset, size),)


def merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Overlapping ranges joined, in order: [(0, 4), (2, 6), (8, 9)] -> [(0, 6), (8, 9)]."""
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if joined and begin < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined


def nbytes(type_and_shape: str) -> int:
    """Returns the size of a tensor such as "int8 1x28x28x3"."""
    dtype, shape = type_and_shape.split()
    return int(np.dtype(dtype).itemsize * math.prod(int(d) for d in shape.split("x")))


@functools.cache
def load(name: str) -> Runner:
    """The runner "host", "core" (the usual board), or of a board by its name."""
    if name == "host":
        host = HostProcess(records.host())
        atexit.register(host.close)
        return Runner(host, records.HOST_VARIANTS)
    board = boards.load(records.BOARD if name == "core" else name)
    core = EmulatedCore(records.core(board.name), board)
    atexit.register(core.close)
    return Runner(core, board.variants)


@functools.cache
def boards_by_variants() -> dict[tuple[str, ...], str]:
    """Returns a board for each set of variants, which can run records: the usual one, else the
    first."""
    found = {boards.load(records.BOARD).variants: records.BOARD}
    for name in boards.names():
        board = boards.load(name)
        if "qemu" in board.emulators and board.emulators["qemu"].shared_memory:
            found.setdefault(board.variants, name)
    return found


def variants_of(operator: str, dtype: str) -> set[str]:
    """Returns what the names of an operator's files end with, such as "dsp"; they may be in another
    operator's folder."""
    folder = traits.of(operator.upper()).folder(dtype) or operator
    return {path.stem.rpartition("_")[2] for path in (paths.KERNELS / folder).glob("*.c")}


def sets_of_host(operator: str, dtype: str) -> list[tuple[str, ...]]:
    """Sets of variants for this machine: none, and each that the operator has."""
    known = variants_of(operator, dtype)
    return [(), *((variant,) for variant in records.HOST_VARIANTS if variant in known)]


def boards_with_variant(operator: str, dtype: str) -> list[str]:
    """The usual board, and those that have other optimised kernels of this operator."""
    kernels = variants_of(operator, dtype)
    best: dict[str, str] = {}  # variant -> board
    for variants, board in boards_by_variants().items():
        best.setdefault(next((variant for variant in variants if variant in kernels), "ref"), board)
    return list(dict.fromkeys([records.BOARD, *(b for t, b in best.items() if t != "ref")]))


machines = pytest.mark.parametrize(
    "machine", ["host", pytest.param("core", marks=pytest.mark.emulated)]
)


def check(case: DrawnCase, machine: str, several: Sequence[tuple[str, ...]] | None = None) -> None:
    """The case's outputs on a machine equal TFLite's: int8 to the last bit, float32 within 1e-5 of
    the largest output (or term, where the sum nearly cancels). It is compiled with each set of
    variants of `several`, None being all of the machine's, and runs where that gives other
    calls."""
    check_all([case], machine, several)


def programs(
    settled: compiler.Settled, several: Iterable[tuple[str, ...]]
) -> Iterator[compiler.Program]:
    """Yields what a model is compiled to with each of these sets of variants, and with arenas that
    have room for kernels that are faster then, where that gives other calls."""
    known = set()
    for variants in several:
        for program in compiler.compile_settled(settled, variants, SPARE):
            calls = tuple((at.call.function, at.call.scratch_bytes) for at in program.layers)
            if calls not in known:
                known.add(calls)
                yield program


def check_all(
    cases: Iterable[DrawnCase], machine: str, several: Sequence[tuple[str, ...]] | None = None
) -> None:
    """Checks cases as check() does, all in one go."""
    runner = load(machine)
    jobs = []
    for case in cases:
        sets = [runner.variants] if several is None else several
        jobs += [(case, program) for program in programs(case.settled, sets)]
    found = runner.run_together([(program, case.inputs) for case, program in jobs])
    for (case, program), got in zip(jobs, found, strict=True):
        equal(case, program, got, case.expected)


def equal(
    case: DrawnCase, program: compiler.Program, got: npt.NDArray[Any], expected: npt.NDArray[Any]
) -> None:
    """A program's outputs equal TFLite's, as check() says."""
    if program.output.dtype != "float32":
        np.testing.assert_array_equal(got, expected)
    else:
        close(case, got, expected)


def close(case: DrawnCase, got: npt.NDArray[Any], expected: npt.NDArray[Any]) -> None:
    """Values of float32 equal TFLite's, as check() says."""
    limit = 1e-5 * max(float(np.abs(expected).max()), case.magnitude)
    limit = max(limit, float(np.finfo(np.float32).tiny))  # denormals may be flushed to 0
    np.testing.assert_allclose(got, expected, rtol=0, atol=limit)


def words(values: Sequence[int]) -> bytes:
    """int32 values as a kernel reads them."""
    return struct.pack(f"<{len(values)}i", *values)
