"""Makes records of the calls that the cases of test_kernels.py lead to: the changed kernels are run
with them. They are made once and kept in the build folder.

path = cases.file(["relu", "conv_2d"])
"""

from __future__ import annotations

import contextlib
import itertools
import pickle
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kept
import numpy as np
import numpy.typing as npt
from boardless.core import paths
from boardless.core.errors import BoardlessError
from boardless.model import compiler, profiles
from boardless.model.graph import Graph
from properties import drawn, records, runners, strategies
from properties.machines import KernelCrash
from properties.records import Block, Record
from properties.runners import Runner, Steps

ROUNDED = 12  # cases for each profile with a rounding of its own, as in test_profiles.py


@dataclass(frozen=True)
class Recorded:
    """A call: its record, where its outputs are in it, and how far float32 ones may be off."""

    data: bytes
    ranges: tuple[tuple[int, int], ...]  # (offset, bytes)
    limit: float


@dataclass
class Recorder(Runner):
    """Runs kernels on the host and keeps their calls."""

    found: list[Recorded] = field(default_factory=list)
    refusals: dict[str, list[Recorded]] = field(default_factory=dict)  # by function
    magnitude: float = 0.0
    layer: Any = None

    def each(
        self, graph: Graph, several: Sequence[tuple[str, ...]], inputs: npt.NDArray[Any]
    ) -> None:
        """Runs a model with each of these sets of variants that gives other calls."""
        for program in runners.programs(graph, several):
            self.run(program, inputs)

    def _layer(self, layer: compiler.Layer, arenas: Sequence[bytearray]) -> Steps[None]:
        self.layer = layer
        yield from super()._layer(layer, arenas)

    def _records(
        self,
        function: str,
        several: Sequence[Sequence[Block]],
        arguments: Sequence[tuple[int, int] | int | None],
    ) -> list[Record]:
        """Makes the calls, and keeps them with where their outputs are."""
        made = super()._records(function, several, arguments)
        number, whole = self._padded(function, arguments)
        shapes = self.layer.output_shapes
        places = list(arguments)[len(arguments) - len(shapes) :]
        for record, memory in zip(made, self.machine.execute(made), strict=True):
            _, after = record.result(memory)
            ranges, limit = [], 0.0
            for text, place in zip(shapes, places, strict=True):
                assert isinstance(place, tuple)
                size = runners.nbytes(text)
                ranges.append((record.offsets[place[0]] + place[1], size))
                if text.startswith("float32"):
                    out = np.frombuffer(after[place[0]], np.uint8)[place[1] : place[1] + size]
                    limit = max(limit, self._limit(out.view(np.float32)))
            self.found.append(Recorded(record.data, tuple(ranges), limit))
        if function not in self.refusals:
            self.refusals[function] = list(self._refused(number, several[0], whole))
        return made

    def _refused(
        self,
        number: int,
        blocks: Sequence[Block],
        arguments: Sequence[tuple[int, int] | int | None],
    ) -> Iterator[Recorded]:
        """Returns the same call with one parameter 0 or -1, where the kernel refuses that."""
        assert isinstance(arguments[0], tuple)
        at = arguments[0][0]  # the block of the parameters
        made = []
        for word, value in itertools.product(range(0, len(blocks[at].data), 4), (0, -1)):
            data = bytearray(blocks[at].data)
            data[word : word + 4] = value.to_bytes(4, "little", signed=True)
            changed = [*blocks[:at], Block(bytes(data)), *blocks[at + 1 :]]
            made.append(records.record(number, changed, arguments))
        for place, argument in enumerate(arguments):
            if isinstance(argument, int):
                less = [*arguments[:place], argument - 1, *arguments[place + 1 :]]
                made.append(records.record(number, blocks, less))
        for record in made:
            try:
                (after,) = self.machine.execute([record])
            except KernelCrash:  # the compiler never asks for that
                continue
            if after[8:12] != bytes(4):
                yield Recorded(record.data, (), 0.0)

    def _limit(self, outputs: npt.NDArray[Any]) -> float:
        """Returns how far float32 outputs may be off, as runners.close() has it."""
        largest = float(np.nan_to_num(np.abs(outputs), posinf=0).max()) if outputs.size else 0.0
        return max(1e-5 * max(largest, self.magnitude), float(np.finfo(np.float32).tiny))


def file(names: Sequence[str]) -> Path:
    """The cases of these operators' folders, as program.c reads them."""
    sources = [*sorted((paths.ROOT / "tests" / "properties").rglob("*.py")), Path(__file__)]
    texts = [path.read_bytes() for path in sources]
    with kept.folder("mutants-cases", texts, kept.version("gcc")) as folder:
        calls = [record for name in names for record in _recorded(folder, name)]
    path = folder / f"{'-'.join(names) if len(names) < 4 else 'all'}.bin"
    parts = [struct.pack("<I", len(calls))]
    for record in calls:
        parts.append(struct.pack("<IIf", len(record.data), len(record.ranges), record.limit))
        parts += [struct.pack("<II", *place) for place in record.ranges]
        parts.append(record.data)
    path.write_bytes(b"".join(parts))
    return path


def _recorded(folder: Path, name: str) -> list[Recorded]:
    """The records of a folder's operators."""
    path = folder / f"{name}.pickle"
    if not path.is_file():
        found = [r for operator in operators(name) for r in _of_operator(operator)]
        half = path.with_suffix(".half")
        half.write_bytes(pickle.dumps(found))
        half.rename(path)
    loaded: list[Recorded] = pickle.loads(path.read_bytes())
    return loaded


def operators(name: str) -> list[str]:
    """The operators of a file of strategies."""
    served = [o for o in strategies.names() if strategies.label(o).startswith(f"{name}-")]
    return served or [name]


def _of_operator(operator: str) -> list[Recorded]:
    own = paths.KERNELS / operator
    several = [(), *((v,) for v in records.HOST_VARIANTS if (own / f"{operator}_{v}.c").is_file())]
    recorder = Recorder(runners.load("host").machine, records.HOST_VARIANTS)
    loaded = strategies.load(operator)
    for dtype in getattr(loaded, "DTYPES", strategies.DTYPES):
        for number, case in enumerate(drawn.cases(operator, dtype)):
            graph = case.graph
            recorder.magnitude = case.magnitude
            recorder.each(graph, several, case.inputs)
            for profile in profiles.names() if number < ROUNDED else []:
                with contextlib.suppress(BoardlessError):  # what the profile does not take
                    own_rounding = graph.replace(profile=profile)
                    recorder.each(own_rounding, [(), records.HOST_VARIANTS], case.inputs)
    return recorder.found + [r for several in recorder.refusals.values() for r in several]
