"""Instructions per model and kind of layer, beside peers' figures, all of one run.

    rows = [measure(case, board, progress) for case in plan().cases]

bench.toml holds the models, the peers and the limits. Outputs are compared with the reference
before any count is looked at. Counts are exact, so two pictures are enough.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from boardless.core import paths
from boardless.core.errors import BadInput
from boardless.cycles import cores, estimate
from boardless.cycles.estimate import Cycles
from boardless.data import pictures
from boardless.device import build, run
from boardless.device.records import Board, Build, Counts
from boardless.front.bench.bench_toml import (
    Case,
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
from boardless.judge import predictions
from boardless.judge.predictions import Verdict
from boardless.model import compiler, reference, structures, zoo
from boardless.path import evaluate
from boardless.runtimes import boardless

__all__ = [
    "KINDS",
    "Case",
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
class Row:
    """One case. Without a good verdict there are no counts."""

    case: Case
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
    def macs(self) -> int:
        """As executed."""
        return sum(kind.macs for kind in self.kinds.values())

    @property
    def per_mac(self) -> float:
        """Instructions per MAC of the model as it was made: what peers state."""
        return self.instructions / self.build.nominal_macs

    def cycles_per_mac(self, cycles: Cycles) -> float:
        """Of the first inference, per MAC of the model as it was made."""
        return cycles.inferences[0] / self.build.nominal_macs

    def value(self, what: str) -> float | None:
        """What a Limit is about; None where the model has no such layer."""
        if what == "instructions":
            return self.instructions
        if what == "per_mac":
            return self.per_mac
        if what == "cycles_per_mac":
            return self.cycles_per_mac(self.cycles[0]) if self.cycles else None
        return self.kinds[what].per_mac if what in self.kinds else None


def find(name: str) -> tuple[zoo.Model, bool]:
    """(model, whether it is trained); visual wake words from $BOARDLESS_DATA/mlperf_tiny, and
    without it the same structure with random weights."""
    if name not in UNTRAINED:
        return zoo.find(name), name not in structures.STRUCTURES
    file = Path(os.environ.get("BOARDLESS_DATA", "")) / "mlperf_tiny" / f"{name}.tflite"
    if "BOARDLESS_DATA" in os.environ and file.is_file():
        return zoo.find(str(file)), True
    file = paths.build_root() / "structures" / f"{name}.tflite"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(UNTRAINED[name]())
    return zoo.find(str(file)), False


def measure(case: Case, board: Board, progress: evaluate.Progress) -> Row:
    """Runs a case twice, with the board's optimised kernels and with none."""
    emulator = evaluate.choose_emulator(board, None)
    model, trained = find(case.model)
    fed = pictures.load(dataclasses.replace(model, results=None), None, PICTURES)
    progress("reference", 0, 0)
    expected = reference.predict(model.content, fed.inputs)
    own = [board.core] if board.core in cores.names() else []
    targets = estimate.targets(own, [p.part for p in published(case)])
    options = run.Options(emulator, caches=estimate.caches(targets, *board.memory.flash))

    def counted(variants: tuple[str, ...], suffix: str) -> tuple[Row, Counts]:
        """`suffix` gives each variant a build folder of its own, so that none displaces another."""
        program = compiler.compile_graph(model.graph, variants, case.fold)
        program = dataclasses.replace(program, name=program.name + suffix)
        progress(f"building{suffix}", 0, 0)
        built = build.build(boardless.sources(program), board)
        progress(f"inferring{suffix}", 0, 0)
        outputs, counts, _, _ = run.run(built, fed, options, lambda _: None)
        verdict = predictions.compare(outputs, expected)
        row = Row(case, built, trained, verdict)
        if not verdict.ok:
            return row, counts
        if counts.missing:
            raise BadInput(counts.missing, where=board.name)
        total = counts.instructions[0]
        kinds = by_kind(program, counts.layers, total)
        return dataclasses.replace(row, instructions=total, kinds=kinds), counts

    folding = "" if case.fold else ".unfolded"
    row, counts = counted(board.variants, folding)
    plain, _ = counted((), folding + ".reference")
    if not row.ok or not plain.ok:
        return row if not row.ok else dataclasses.replace(row, verdict=plain.verdict)
    progress("pricing", 0, 0)
    counted_run = counts.counted
    cycles = [estimate.estimate(counted_run, t) for t in targets if counted_run is not None]
    progress("measuring speed", 0, 0)
    return dataclasses.replace(
        row,
        cycles=tuple(cycles),
        reference_instructions=plain.instructions,
        reference_kinds=plain.kinds,
        speed=speed(row.build, fed, counts.instructions[0], emulator),
    )


def exceeded(row: Row) -> list[Limit]:
    """Limits that a verified row does not keep; a layer kind that is missing keeps none. Cycles are
    not judged where nothing could count them."""
    judged = [x for x in limits(row.case) if row.trained or not x.trained]
    judged = [x for x in judged if row.cycles or x.what != "cycles_per_mac"]
    values = [(limit, row.value(limit.what)) for limit in judged]
    return [limit for limit, value in values if value is None or value >= limit.below]


def ok(rows: list[Row]) -> bool:
    """Every output right and every limit kept."""
    return all(row.ok and not exceeded(row) for row in rows)
