"""Makes records of the calls that the cases of test_kernels.py lead to: the changed kernels are run
with them. They are made once and kept in the build folder.

records = cases.of_folder("relu")
"""

from __future__ import annotations

import contextlib
import pickle
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kept
import numpy as np
import numpy.typing as npt
from boardless.core import paths
from boardless.core.errors import BoardlessError
from boardless.model import compiler, profiles
from properties import drawn, records, runners, strategies
from properties.records import Block, Record
from properties.runners import Runner, Steps

IMPORTED = re.compile(r"^from properties\.strategies\.(\w+) import", re.MULTILINE)
ROUNDED = 12  # cases for each profile with a rounding of its own, as in test_profiles.py


@dataclass(frozen=True)
class Recorded:
    """A call: its record, what of it a change may not alter, which is all but scratch memory, and
    how far float32 outputs may be off."""

    data: bytes
    ranges: tuple[tuple[int, int], ...]  # (offset, bytes)
    limit: float


@dataclass
class Recorder(Runner):
    """Runs kernels on the host and keeps their calls."""

    found: dict[bytes, Recorded] = field(default_factory=dict)  # no call twice
    magnitude: float = 0.0
    arguments: Sequence[tuple[int, int] | int | None] = ()  # of the last calls that were made
    made: Sequence[Record] = ()

    def each(
        self,
        settled: compiler.Settled,
        several: Sequence[tuple[str, ...]],
        inputs: npt.NDArray[Any],
    ) -> None:
        """Runs a model with each of these sets of variants that gives other calls."""
        self.run_together([(program, inputs) for program in runners.programs(settled, several)])

    def _layer(self, layer: compiler.Layer, arenas: Sequence[bytearray]) -> Steps[None]:
        """Keeps the calls of a layer with where their outputs are."""
        steps = super()._layer(layer, arenas)
        made = next(steps)
        arguments = self.arguments
        memories = yield made
        outputs = len(layer.output_shapes)
        scratch: tuple[Any, ...] = ()
        if layer.call.scratch_bytes:
            scratch = tuple(arguments[-2 - outputs : -outputs])
        for record, memory in zip(made, memories, strict=True):
            limit = 0.0
            for text, place in zip(layer.output_shapes, arguments[-outputs:], strict=True):
                assert isinstance(place, tuple)
                at, size = record.offsets[place[0]] + place[1], runners.nbytes(text)
                if text.startswith("float32"):
                    limit = max(limit, self._limit(np.frombuffer(memory[at : at + size], "<f4")))
            ranges = [(record.offsets[0], len(record.data))]
            if scratch:
                begin = record.offsets[scratch[0][0]] + scratch[0][1]
                ranges = [(record.offsets[0], begin), (begin + scratch[1], len(record.data))]
            places = tuple((begin, end - begin) for begin, end in ranges)
            self.found.setdefault(record.data, Recorded(record.data, places, limit))
        with contextlib.suppress(StopIteration):
            steps.send(memories)

    def _records(
        self,
        function: str,
        several: Sequence[Sequence[Block]],
        arguments: Sequence[tuple[int, int] | int | None],
    ) -> list[Record]:
        """Notes what the calls are made of, for `_layer`."""
        self.arguments = arguments
        self.made = super()._records(function, several, arguments)
        return self.made

    def probe(self, function: str, *arguments: Any, **more: Any) -> tuple[int, bytes, bytes]:
        """Keeps the call of a function of probe.h, whose output is its third block."""
        answer = super().probe(function, *arguments, **more)
        (record,) = self.made
        place = (record.offsets[2], len(record.blocks[2].data))
        self.found.setdefault(record.data, Recorded(record.data, (place,), 0.0))
        return answer

    def _limit(self, outputs: npt.NDArray[Any]) -> float:
        """Returns how far float32 outputs may be off, as runners.close() has it."""
        largest = float(np.nan_to_num(np.abs(outputs), posinf=0).max()) if outputs.size else 0.0
        return max(1e-5 * max(largest, self.magnitude), float(np.finfo(np.float32).tiny))


def of_folder(name: str) -> list[Recorded]:
    """The records of a folder's operators."""
    strategy = Path(strategies.__file__).with_name(f"{name}.py")

    def made() -> list[Recorded]:
        return [record for operator in operators(name) for record in _of_operator(operator)]

    return stored(name, _strategies(strategy), made)


def stored(
    name: str, sources: Sequence[Path], make: Callable[[], list[Recorded]]
) -> list[Recorded]:
    """Records, made once for each state of these sources, of what all strategies use, of what
    compiles models, and of the kernels' headers: a change of what a kernel does changes no call."""
    every = [Path(__file__), *sources, *Path(drawn.__file__).parent.glob("[!t]*.py")]
    for folder in (paths.ROOT / "sim", paths.FIRMWARE):
        every += folder.rglob("*.py")
    texts = [path.read_bytes() for path in sorted(every)]
    key = (texts, kept.version("gcc"), [path.name for path in sorted(paths.KERNELS.rglob("*.c"))])
    with kept.folder(f"mutants-{name}", *key, of=(".h",)) as folder:
        path = folder / "cases.pickle"
        if not path.is_file():
            half = path.with_suffix(".half")
            half.write_bytes(pickle.dumps(make()))
            half.rename(path)
        loaded: list[Recorded] = pickle.loads(path.read_bytes())
        return loaded


def _strategies(path: Path) -> list[Path]:
    """A strategy and those that it imports."""
    found = [path, path.with_name("__init__.py")]
    for name in IMPORTED.findall(path.read_text()):
        found += _strategies(path.with_name(f"{name}.py"))
    return found


def operators(name: str) -> list[str]:
    """The operators of a file of strategies."""
    served = [o for o in strategies.names() if strategies.label(o).startswith(f"{name}-")]
    return served or [name]


def _of_operator(operator: str) -> list[Recorded]:
    recorder = Recorder(runners.load("host").machine, records.HOST_VARIANTS)
    loaded = strategies.load(operator)
    for dtype in getattr(loaded, "DTYPES", strategies.DTYPES):
        for number, case in enumerate(drawn.cases(operator, dtype)):
            recorder.magnitude = case.magnitude
            recorder.each(case.settled, runners.sets_of_host(operator, dtype), case.inputs)
            for profile in profiles.names() if number < ROUNDED else []:
                with contextlib.suppress(BoardlessError):  # what the profile does not take
                    own_rounding = compiler.settle(case.graph.replace(profile=profile))
                    recorder.each(own_rounding, [(), records.HOST_VARIANTS], case.inputs)
    return [*recorder.found.values()]
