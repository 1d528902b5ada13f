"""Single layers of many shapes, compared with the kernels of a core's vendor: is one slower?

rows = compared("mps2-an386", measured("mps2-an386", "boardless", progress))
min(row.ratio for row in rows)

shapes.toml holds the shapes, a file per vendor the instructions that its kernels took, which
`boardless bench --shapes --record` writes. Counts are exact, and so are ratios.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec
import numpy as np

from boardless import runtimes
from boardless.core import checked, files, paths
from boardless.core.errors import BadInput, BoardlessError
from boardless.cycles import image
from boardless.device import boards, build
from boardless.device.records import Board, Run
from boardless.model.random_network import RELU, SAME, VALID, Network
from boardless.model.traits import LayerKind
from boardless.path import Progress, Request, cases, judge, prepare
from boardless.path import measure as measure_prepared

FOLDER = Path(__file__).parent
GRAMMAR = (
    r"(?P<kind>conv|depthwise|average|max) (?P<rows>\d+)x(?P<columns>\d+) "
    r"s(?P<stride>\d+)(?P<valid> valid)? (?P<map>\d+x\d+x\d+)(?: to (?P<outputs>\d+))?"
    r"|(?P<dense>dense) (?P<inputs>\d+) to (?P<units>\d+)"
    r"|sum (?P<sum>\d+x\d+x\d+)|classes (?P<classes>\d+)"
)
MOST_BYTES = 1 << 16  # of the inputs and outputs of layers that are measured together
SHARE_OF_RAM = 4  # and at most a quarter of a small board's RAM
PICTURES = 2
# What TensorFlow Lite Micro calls once, before the first inference.
PREPARES = ("arm_vector_sum_s8",)


@dataclass(frozen=True)
class Shape:
    """One layer, by its name in shapes.toml."""

    name: str

    def add_to(self, net: Network) -> None:
        """Appends the layer; it reads the tensor that the network is at."""
        found = self._parsed()
        if found["dense"]:
            net.dense(int(found["units"]))
        elif found["sum"]:
            net.add(net.at)
        elif found["classes"]:
            net.softmax()
        else:
            size = int(found["rows"]), int(found["columns"])
            stride, padding = int(found["stride"]), VALID if found["valid"] else SAME
            kind, channels = found["kind"], net.shape[3]
            if kind == "conv":
                net.conv(int(found["outputs"]), size, stride, RELU, padding)
            elif kind == "depthwise":
                multiplier = int(found["outputs"]) // channels
                net.depthwise(size, stride, RELU, padding, multiplier=multiplier)
            else:
                pool = LayerKind.MAX_POOL if kind == "max" else LayerKind.AVERAGE_POOL
                net.pool(pool, size, stride, padding)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Returns NHWC, or (1, n)."""
        found = self._parsed()
        if flat := found["inputs"] or found["classes"]:
            return 1, int(flat)
        return 1, *(int(n) for n in (found["map"] or found["sum"]).split("x"))

    def _parsed(self) -> dict[str, str]:
        found = re.fullmatch(GRAMMAR, self.name)
        if not found:
            raise BadInput(f"{self.name!r} is no shape", where=str(FOLDER / "shapes.toml"))
        return found.groupdict()


class Floor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A layer that is slower than the vendor's, and how slow it may be."""

    board: str
    shape: str
    least: float  # the vendor's instructions, divided by ours
    reason: str


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """shapes.toml"""

    shapes: tuple[str, ...]
    floors: tuple[Floor, ...] = msgspec.field(default=(), name="floor")


class Recorded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A vendor's kernels on a board."""

    version: str  # with the digest of their sources
    compiler: str
    flags: str
    instructions: dict[str, int]  # by shape


class Vendor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """cmsis_nn.toml or esp_nn.toml"""

    board: dict[str, Recorded]


@dataclass(frozen=True)
class Compared:
    """A layer by our kernel and by the vendor's."""

    shape: str
    ours: int  # instructions
    theirs: int
    floor: Floor | None

    @property
    def ratio(self) -> float:
        """Returns how many times as fast ours is."""
        return self.theirs / self.ours

    @property
    def least(self) -> float:
        return self.floor.least if self.floor else 1.0

    @property
    def ok(self) -> bool:
        return self.ratio >= self.least


VENDORS = {"cmsis_nn": "CMSIS-NN", "esp_nn": "ESP-NN"}


@cache
def plan() -> Plan:
    """Returns the checked content of shapes.toml."""
    return checked.file(FOLDER / "shapes.toml", Plan)


@cache
def vendor(runtime: str) -> Vendor:
    """Returns the recorded figures of a vendor's kernels."""
    return checked.file(FOLDER / f"{runtime}.toml", Vendor)


def vendor_of(board: str) -> str:
    """Returns the runtime whose figures on a board are recorded; BadInput where there are none."""
    for name in VENDORS:
        if board in vendor(name).board:
            return name
    raise BadInput(
        f"no figures of vendors' kernels are recorded on {board}",
        hint=f"one of {', '.join(recorded())}",
    )


def recorded() -> list[str]:
    """Returns the boards that vendors' figures are recorded on."""
    return [board for name in VENDORS for board in vendor(name).board]


def together(board: Board) -> Iterator[tuple[tuple[str, ...], bytes]]:
    """Yields models of many shapes each, with the shapes in the order of the model's layers; behind
    them is one layer more, as the outputs are gathered behind the last. What a board has no room
    for is left out."""
    most = min(MOST_BYTES, board.memory.ram_bytes // SHARE_OF_RAM)
    names: list[str] = []
    net, used = None, 0
    for name in plan().shapes:
        shape = Shape(name)
        alone = Network(shape.input_shape)
        shape.add_to(alone)
        needs = math.prod(shape.input_shape) + math.prod(alone.shape)
        if needs > most:
            continue
        if net and used + needs > most:
            yield tuple(names), _ended(net)
            names, net, used = [], None, 0
        if net:
            net.input(shape.input_shape)
        else:
            net = Network(shape.input_shape)
        shape.add_to(net)
        names.append(name)
        used += needs
    if net:
        yield tuple(names), _ended(net)


def _ended(net: Network) -> bytes:
    net.input((1, 1))
    net.add(net.at)
    return net.content()


def measured(board: str, runtime: str, progress: Progress) -> dict[str, int]:
    """Returns the instructions of each shape. BadInput where an output differs from that of the
    reference."""
    groups = tuple(together(boards.load(board)))
    folder = paths.build_root() / "shapes"
    folder.mkdir(parents=True, exist_ok=True)
    requests = []
    for number, (_, content) in enumerate(groups):
        path = folder / f"{board}_{number}.tflite"
        files.replace(path, content)
        requests.append(
            Request(
                str(path),
                board,
                runtime=runtime,
                reference=runtimes.load(runtime).reference,
                limit=PICTURES,
                jobs=1,
            )
        )
    if runtime == runtimes.OURS:
        results = cases.measurements(requests, progress)
    else:  # with what the plugin has counted, which measurements() does not keep
        results = [measure_prepared(prepare(each, progress), progress) for each in requests]
    found = dict[str, int]()
    for (names, _), result in zip(groups, results, strict=True):
        if isinstance(result, BoardlessError):
            raise result
        outcome = judge(result)
        if not outcome.verdict.ok:
            raise BadInput(outcome.verdict.reason, where=", ".join(names))
        layers = outcome.run.counts.layers[: len(names)]
        if not layers:
            raise BadInput(outcome.run.counts.missing, where=board)
        once = _before(outcome.run, len(names))
        found |= {n: total - less for n, total, less in zip(names, layers, once, strict=True)}
    return found


def _before(run: Run, layers: int) -> list[int]:
    """Returns the instructions of each layer that the vendor's own runtime executes once alone."""
    counted = run.counts.counted
    if counted is None:
        return [0] * layers
    named = {f.name: f for f in image.load(run.build.elf).functions}
    ranges = [named[name].range for name in PREPARES if name in named]
    address = counted.code.address
    inside = np.zeros(len(address), bool)
    for begin, end in ranges:
        inside |= (address >= begin) & (address < end)
    return [int(counted.tally(k, pass_=0).executed[inside].sum()) for k in range(layers)]


def compared(board: str, ours: dict[str, int]) -> list[Compared]:
    """Returns a row per shape, the worst first."""
    theirs = vendor(vendor_of(board)).board[board].instructions
    floors = {floor.shape: floor for floor in plan().floors if floor.board == board}
    rows = [
        Compared(name, count, theirs[name], floors.get(name))
        for name, count in ours.items()
        if name in theirs
    ]
    return sorted(rows, key=lambda row: row.ratio)


def record(board: str, runtime: str, progress: Progress) -> None:
    """Writes what a vendor's kernels take on a board into its file."""
    if runtime not in VENDORS:
        raise BadInput(f"{runtime!r} is no vendor's", hint=f"one of {', '.join(VENDORS)}")
    target, found = boards.load(board), measured(board, runtime, progress)
    now = Recorded(
        runtimes.load(runtime).version,
        build.toolchain(target),
        " ".join(("-O2", *target.toolchain.flags)),
        found,
    )
    every = vendor(runtime).board | {board: now}
    lines = [
        f"# Instructions of {VENDORS[runtime]}, written by `boardless bench --shapes --record`."
    ]
    for name, figures in sorted(every.items()):
        lines += ["", f"[board.{name}]"]
        lines += [f'{x} = "{getattr(figures, x)}"' for x in ("version", "compiler", "flags")]
        lines += ["", f"[board.{name}.instructions]"]
        lines += [f'"{shape}" = {count:_}' for shape, count in figures.instructions.items()]
    files.replace(FOLDER / f"{runtime}.toml", ("\n".join(lines) + "\n").encode())
    vendor.cache_clear()
