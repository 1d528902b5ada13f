"""Instructions per model and kind of layer, compared with peers' figures, all of one run.

    rows = [measure(case, board, progress) for case in plan().cases]

bench.toml holds the models, the peers and the limits. Outputs are compared with the reference
before any count is used. Counts are exact, so two pictures are enough.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from boardless.core import files, paths
from boardless.core.errors import BadInput
from boardless.cycles import cores
from boardless.cycles import parts as cycle_parts
from boardless.cycles.estimate import Cycles
from boardless.data import pictures
from boardless.device import build, emulators
from boardless.device.records import Board, Build, Run
from boardless.front.bench.bench_toml import (
    BenchCase,
    Limit,
    Peer,
    Published,
    cases,
    limits,
    peers,
    plan,
    published,
)
from boardless.front.bench.emulation import Speed, speed
from boardless.front.bench.kinds import KINDS, Kind, by_kind
from boardless.judge.predictions import Verdict
from boardless.model import compiler, mlperf_tiny, structures, zoo
from boardless.path import Prepared, Progress, Request, judge
from boardless.path import measure as measure_prepared
from boardless.path.preparing import targets
from boardless.runtimes import boardless

__all__ = [
    "KINDS",
    "BenchCase",
    "Kind",
    "Limit",
    "Peer",
    "Published",
    "Row",
    "Speed",
    "by_kind",
    "cases",
    "exceeded",
    "find",
    "here",
    "kept",
    "limits",
    "measure",
    "ok",
    "peers",
    "plan",
    "published",
]

PICTURES = 2
UNTRAINED: dict[str, Callable[[], bytes]] = {
    "vww_96_int8": lambda: structures.vww("int8"),
    "vww_96_float": lambda: structures.vww("float32"),
}


@dataclass(frozen=True)
class BenchRow:
    """One case. Without a good verdict there are no counts."""

    case: BenchCase
    build: Build
    trained: bool
    verdict: Verdict
    instructions: int = 0  # of one inference
    cycles: tuple[Cycles, ...] = ()  # estimates: the board's core, parts with published times
    kinds: dict[str, Kind] = field(default_factory=dict)
    reference_instructions: int = 0  # of the same model without optimised kernels
    reference_kinds: dict[str, Kind] = field(default_factory=dict)
    speed: Speed | None = None

    @property
    def ok(self) -> bool:
        return self.verdict.ok

    @property
    def board(self) -> str:
        return self.build.board.name

    @property
    def peers(self) -> list[Peer]:
        """Returns those who computed the same model on the same board."""
        return peers(self.case, self.board, self.trained)

    @property
    def macs(self) -> int:
        """The MACs that are executed."""
        return sum(kind.macs for kind in self.kinds.values())

    @property
    def per_mac(self) -> float | None:
        """Instructions per MAC of the model as it was made: what peers state. None where it has
        none."""
        return self.build.per_mac(self.instructions)

    def cycles_per_mac(self, cycles: Cycles) -> float | None:
        """Returns cycles of the first inference per MAC of the model as it was made."""
        return self.build.per_mac(cycles.inferences[0])

    @property
    def times(self) -> list[tuple[Published, Cycles, float]]:
        """Returns the times that others have published, each with our estimate for the same part:
        its cycles, and milliseconds at their clock."""
        return [
            (other, cycles, 1e3 * cycles.inferences[0] / other.clock_hz)
            for other in published(self.case)
            for cycles in self.cycles
            if cycles.target.name == other.part
        ]

    def value(self, what: str) -> float | None:
        """Returns the figure that a Limit is about; None if the model has no such layer."""
        if what == "instructions":
            return self.instructions
        if what == "per_mac":
            return self.per_mac
        if what == "cycles_per_mac":
            return self.cycles_per_mac(self.cycles[0]) if self.cycles else None
        if what == "milliseconds":
            return self.times[0][2] if self.times else None
        if what == "arena_bytes":
            return self.build.arena_bytes
        return self.kinds[what].per_mac if what in self.kinds else None


def find(name: str) -> tuple[zoo.Model, bool]:
    """(model, whether it is trained). MLPerf Tiny's lie in $BOARDLESS_MLPERF or
    $BOARDLESS_DATA/mlperf_tiny; without them, visual wake words' structure has random weights."""
    if name not in UNTRAINED and name not in mlperf_tiny.MODELS:
        return zoo.find(name), name not in structures.STRUCTURES
    if file := _file(name):
        return zoo.find(str(file)), True
    if name not in UNTRAINED:
        where = mlperf_tiny.MODELS[name].where
        hint = f"{mlperf_tiny.VARIABLE} names a checkout of mlcommons/tiny, or a folder with it"
        if place := mlperf_tiny.folder():
            digest = mlperf_tiny.MODELS[name].digest[:12]
            what = f"no .tflite file below {place} is {name}, whose SHA-256 begins with {digest}"
            raise BadInput(what, where=where, hint=hint)
        raise BadInput(f"{name} is not here", where=where, hint=hint)
    file = paths.build_root() / "structures" / f"{name}.tflite"
    file.parent.mkdir(parents=True, exist_ok=True)
    files.replace(file, UNTRAINED[name]())
    return zoo.find(str(file)), False


def here(case: BenchCase) -> bool:
    """Returns False for a model of MLPerf Tiny whose file is not here."""
    missing = case.model in mlperf_tiny.MODELS and case.model not in UNTRAINED
    return not missing or _file(case.model) is not None


def _file(name: str) -> Path | None:
    place = mlperf_tiny.folder()
    if name in mlperf_tiny.MODELS:
        return mlperf_tiny.find(place).get(mlperf_tiny.MODELS[name].digest)
    file = place / f"{name}.tflite" if place else None
    return file if file and file.is_file() else None


def measure(case: BenchCase, board: Board, progress: Progress) -> BenchRow:
    """Measures a case twice, with the board's optimised kernels and with none."""
    model, trained = find(case.model)
    own = (board.core,) if board.core in cores.names() else ()
    request = Request(
        case.model,
        board.name,
        pictures=pictures.load(dataclasses.replace(model, results=None), None, PICTURES),
        jobs=1,
        cores=own,
        parts=tuple(p.part for p in published(case) if cycle_parts.load(p.part).core == board.core),
    )

    def variant(variants: tuple[str, ...], suffix: str, request: Request) -> tuple[BenchRow, Run]:
        """`suffix` gives each variant a build folder of its own, so that none displaces another."""
        program = compiler.compile_graph(model.graph, variants, case.fold)
        program = dataclasses.replace(program, name=program.name + suffix)
        progress(f"building{suffix}", 0, 0)
        weights = boardless.IN_RAM if case.weights_in_ram else ""
        built = build.build(boardless.translated(program, weights), board)
        prepared = Prepared(
            request, model, built, emulators.choose(board), targets(request), time.monotonic()
        )
        outcome = judge(measure_prepared(prepared, progress))
        row, counts = BenchRow(case, built, trained, outcome.verdict), outcome.run.counts
        if not outcome.verdict.ok:
            return row, outcome.run
        if not counts.instructions:
            raise BadInput(counts.missing, where=board.name)
        total = counts.instructions[0]
        kinds = by_kind(program, counts.layers, total)
        return dataclasses.replace(row, instructions=total, kinds=kinds), outcome.run

    folding = "" if case.fold else ".unfolded"
    row, run = variant(board.variants, folding, request)
    uncounted = dataclasses.replace(request, cycles=False)
    plain, _ = variant((), folding + ".reference", uncounted)
    if not row.ok or not plain.ok:
        return row if not row.ok else dataclasses.replace(row, verdict=plain.verdict)
    row = dataclasses.replace(
        row,
        cycles=run.cycles,
        reference_instructions=plain.instructions,
        reference_kinds=plain.kinds,
    )
    if "mve" in board.variants:  # QEMU computes vectors element by element: it would take minutes
        return row
    progress("measuring speed", 0, 0)
    measured = speed(row.build, run.pictures, row.instructions, run.emulator)
    return dataclasses.replace(row, speed=measured)


def kept(row: BenchRow, limit: Limit) -> bool | None:
    """Returns whether a verified row keeps a limit; a layer kind that is missing keeps none. None:
    it is not judged, because the weights are random, or because nothing could count cycles."""
    if limit.trained and not row.trained:
        return None
    if limit.what in ("cycles_per_mac", "milliseconds") and not row.cycles:
        return None
    value = row.value(limit.what)
    return value is not None and value < limit.below


def exceeded(row: BenchRow) -> list[Limit]:
    """Limits that a verified row is judged by and does not keep."""
    return [limit for limit in limits(row.case, row.board) if kept(row, limit) is False]


def ok(rows: list[BenchRow]) -> bool:
    """Every output right and every limit kept."""
    return all(row.ok and not exceeded(row) for row in rows)
