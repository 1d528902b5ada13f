"""Instructions per model and kind of layer, beside peers' figures, all of one run.

    rows = [measure(case, board, progress) for case in plan().cases]

bench.toml holds the models, the peers and the limits. Outputs are compared with the reference
before any count is looked at. Counts are exact, so two pictures are enough.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import msgspec
import numpy as np

from boardless import (
    build,
    compare,
    compiler,
    emulators,
    evaluate,
    paths,
    pictures,
    reference,
    run,
    structures,
    zoo,
)
from boardless.cycles import cores, estimate
from boardless.cycles.devices import Devices
from boardless.cycles.estimate import Cycles
from boardless.emulators.base import ProcessSession
from boardless.errors import BadInput
from boardless.link.client import Client
from boardless.records import Board, Build, Counts, Pictures, Verdict

PICTURES = 2
SPEED_INSTRUCTIONS = 100_000_000  # that emulation speed is measured on, at least
SPEED_PICTURES = 512  # at most
COUNTING_INSTRUCTIONS = 400_000_000  # that the plugin's cost is measured on
COUNTING_REPEATS = 3  # of runs with and without the plugin, by turns
UNTRAINED: dict[str, Callable[[], bytes]] = {
    "vww_96_int8": lambda: structures.vww("int8"),
    "vww_96_float": lambda: structures.vww("float32"),
}
POOLS = ("AVERAGE_POOL_2D", "MAX_POOL_2D", "MEAN", "REDUCE_MAX")
KINDS = (
    "first convolution",
    "pointwise",
    "depthwise",
    "other convolution",
    "fully connected",
    "pool and mean",
    "softmax",
    "elementwise",
    "glue",
)


class Case(msgspec.Struct, frozen=True):
    """One model to measure; without `fold` its idle channels stay."""

    model: str
    fold: bool = True


class Limit(msgspec.Struct, frozen=True):
    """`what` must stay below a value: "instructions", "per_mac", "cycles_per_mac", or the
    instructions per MAC of a kind of layer."""

    model: str
    what: str
    below: float
    fold: bool = True
    trained: bool = False  # only of the real model: random weights leave nothing to fold


class Peer(msgspec.Struct, frozen=True):
    """What another runtime needs for the same model; bench.toml says what each figure means."""

    name: str
    model: str
    macs: int
    instructions: int
    per_mac: float
    ram_bytes: int
    flash_bytes: int
    flags: str
    note: str
    source: str
    kinds: dict[str, float] = {}  # instructions per MAC


class Published(msgspec.Struct, frozen=True):
    """What others measured of the same model on a board: whole inferences in milliseconds."""

    runtime: str
    model: str
    part: str  # of cycles/parts
    clock_hz: int
    milliseconds: float
    source: str


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """bench.toml"""

    cases: tuple[Case, ...] = msgspec.field(name="case")
    limits: tuple[Limit, ...] = msgspec.field(name="limit")
    peers: tuple[Peer, ...] = msgspec.field(name="peer")
    published: tuple[Published, ...] = msgspec.field(name="published")


@dataclass(frozen=True)
class Kind:
    """The layers of one kind together, of one inference."""

    layers: int
    macs: int  # as executed
    instructions: int

    @property
    def per_mac(self) -> float | None:
        return self.instructions / self.macs if self.macs else None


@dataclass(frozen=True)
class Speed:
    """Of the emulation, on the machine that runs it."""

    inferences_per_second: float
    instructions_per_second: float
    counting: float | None  # times the CPU time of the emulator with the counting plugin


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


@cache
def plan() -> Plan:
    """The checked content of bench.toml."""
    path = Path(__file__).with_name("bench.toml")
    return msgspec.toml.decode(path.read_bytes(), type=Plan)


def cases(models: tuple[str, ...]) -> tuple[Case, ...]:
    """Those of bench.toml, or of `models` alone; a model that is not in it is a case of its own."""
    if not models:
        return plan().cases
    return tuple(
        case
        for model in dict.fromkeys(models)
        for case in [c for c in plan().cases if c.model == model] or [Case(model)]
    )


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

    def counted(twins: tuple[str, ...], suffix: str) -> tuple[Row, Counts]:
        """`suffix` gives each variant a build folder of its own, so that none displaces another."""
        program = compiler.compile_graph(model.graph, twins, case.fold)
        program = dataclasses.replace(program, name=program.name + suffix)
        progress(f"building{suffix}", 0, 0)
        built = build.build(program, board)
        progress(f"inferring{suffix}", 0, 0)
        outputs, counts, _, _ = run.run(built, fed, options, lambda _: None)
        verdict = compare.compare(outputs, expected)
        row = Row(case, built, trained, verdict)
        if not verdict.ok:
            return row, counts
        if counts.missing:
            raise BadInput(counts.missing, where=board.name)
        total = counts.instructions[0]
        kinds = by_kind(program, counts.layers, total)
        return dataclasses.replace(row, instructions=total, kinds=kinds), counts

    folding = "" if case.fold else ".unfolded"
    row, counts = counted(board.twins, folding)
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


def by_kind(program: compiler.Program, counts: tuple[int, ...], total: int) -> dict[str, Kind]:
    """Sums over the layers of each kind, in the order of KINDS; glue is what lies between layers.

    `counts` are instructions per layer, `total` those of the inference.
    """
    spatial = [layer.index for layer in program.layers if is_spatial(layer)]
    found: dict[str, Kind] = {"glue": Kind(0, 0, total - sum(counts))}
    for layer, instructions in zip(program.layers, counts, strict=True):
        name = kind(layer, first=spatial[:1] == [layer.index])
        old = found.get(name, Kind(0, 0, 0))
        found[name] = Kind(
            old.layers + 1, old.macs + layer.call.macs, old.instructions + instructions
        )
    return {name: found[name] for name in KINDS if name in found}


def is_spatial(layer: compiler.Layer) -> bool:
    """A CONV_2D whose window is larger than a pixel."""
    window = layer.call.params.get("window", {})
    return layer.op == "CONV_2D" and (window["filter_h"], window["filter_w"]) != (1, 1)


def kind(layer: compiler.Layer, *, first: bool) -> str:
    """One of KINDS; `first` tells the model's first convolution."""
    if layer.op == "CONV_2D":
        if first:
            return "first convolution"
        return "other convolution" if is_spatial(layer) else "pointwise"
    if layer.op in POOLS:
        return "pool and mean"
    others = {
        "DEPTHWISE_CONV_2D": "depthwise",
        "FULLY_CONNECTED": "fully connected",
        "SOFTMAX": "softmax",
    }
    return others.get(layer.op, "elementwise")


def speed(built: Build, fed: Pictures, instructions: int, emulator: str) -> Speed:
    """Of one emulator that runs long enough to tell; booting is not part of it."""
    n = max(PICTURES, min(SPEED_PICTURES, SPEED_INSTRUCTIONS // instructions))
    _, _, _, seconds = run.run(
        built, _repeated(fed, n), run.Options(emulator, cycles=False), _silent
    )
    inferences = n + 1  # the first picture is run once more
    return Speed(
        inferences / seconds["infer"],
        inferences * instructions / seconds["infer"],
        counting_ratio(built, fed, instructions, emulator),
    )


def counting_ratio(built: Build, fed: Pictures, instructions: int, emulator: str) -> float | None:
    """CPU time of inferences in the emulator with the counting plugin, divided by that without, run
    by turns; None where it cannot count, or has no memory to get many pictures from."""
    devices = Devices.of(built, emulators.load(emulator))
    options = run.Options(emulator)
    if devices.missing or run.choose_link(built, options) != "memory":
        return None
    n = COUNTING_INSTRUCTIONS // instructions + 1
    used: dict[bool, list[float]] = {False: [], True: []}
    for counting in (False, True) * COUNTING_REPEATS:
        with contextlib.ExitStack() as stack:
            count = stack.enter_context(devices.counter(0)) if counting else None
            client = stack.enter_context(run.open_client(built, options, shared=True, count=count))
            pictures = _repeated(fed, n)
            run.by_memory(client, built, pictures, range(1), run.empty(built, pictures), _silent)
            before = _user_seconds(client)
            run.by_memory(client, built, pictures, range(n), run.empty(built, pictures), _silent)
            used[counting].append(_user_seconds(client) - before)
    plain = statistics.median(used[False])
    return statistics.median(used[True]) / plain if plain else None


def _repeated(fed: Pictures, n: int) -> Pictures:
    return dataclasses.replace(fed, inputs=np.resize(fed.inputs, (n, *fed.inputs.shape[1:])))


def _user_seconds(client: Client) -> float:
    """CPU time of a device's process so far, as /proc has it."""
    assert isinstance(client.session, ProcessSession)
    stat = Path(f"/proc/{client.session.process.pid}/stat").read_text()
    return int(stat.rsplit(")", 1)[1].split()[11]) / os.sysconf("SC_CLK_TCK")


def _silent(done: int) -> None:
    pass


def peers(case: Case) -> list[Peer]:
    return [peer for peer in plan().peers if peer.model == case.model]


def published(case: Case) -> list[Published]:
    return [p for p in plan().published if p.model == case.model]


def limits(case: Case) -> list[Limit]:
    return [
        limit for limit in plan().limits if (limit.model, limit.fold) == (case.model, case.fold)
    ]


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
