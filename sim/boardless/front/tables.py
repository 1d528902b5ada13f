"""Published tables of memory, time and sizes compared with boardless's own figures.

    found = measured(progress, only_parts=["stm32f769"])
    found.memory[0].build.flash_bytes, found.times[0].cycles

Networks have random weights where boardless has not trained the very one; memory and instructions
do not depend on them. Each is built for the part's core and runs once on an emulated board.
"""

from __future__ import annotations

from collections.abc import Sequence

from boardless.core.errors import BadInput, BoardlessError, ToolMissing
from boardless.cycles import parts
from boardless.front.fit import places
from boardless.model import graph, published, structures, traits
from boardless.model.compiler import fold as folding
from boardless.model.published import MEMORY, TIMES, WIDTHS, Published, Time, Width
from boardless.path import PICTURES, Measurement, Progress, Request
from boardless.path.cases import measurements
from boardless.report.tables import MemoryRow, Tables, TimeRow, WidthRow

LAYERS = (traits.LayerKind.CONVOLUTION, traits.LayerKind.DEPTHWISE)


def measured(progress: Progress, only_parts: Sequence[str] = (), *, fresh: bool = False) -> Tables:
    """Returns the tables, or what they say of some parts; BadInput where nothing is published of
    one. ToolMissing where no board of a part's core can be emulated here; the error of the first
    model that cannot be measured."""
    memory = {model: f for model, f in MEMORY.items() if _is_of(f.part, only_parts)}
    times = [time for time in TIMES if _is_of(time.part, only_parts)]
    known = {figures.part for figures in MEMORY.values()} | {time.part for time in TIMES}
    for part in only_parts:
        if part not in known:
            raise BadInput(
                f"no published figures of the part {part!r}",
                hint=f"there are some of {', '.join(sorted(known - {''}))}",
            )
    asked: dict[tuple[str, str], dict[str, None]] = {}  # model, core -> parts
    for model, figures in memory.items():
        asked.setdefault((model, parts.load(figures.part).core), {})
    for time in times:
        core = parts.load(time.part).core
        asked.setdefault((time.model, core), {})[time.part] = None
    requests = [
        Request(model, _board(core), limit=1, jobs=1, cores=(core,), parts=tuple(wanted))
        for (model, core), wanted in asked.items()
    ]
    found: dict[tuple[str, str], Measurement] = {}
    for key, made in zip(asked, measurements(requests, progress, fresh=fresh), strict=True):
        if isinstance(made, BoardlessError):
            raise made
        found[key] = made
    return Tables(
        [
            _memory(model, figures, found[model, parts.load(figures.part).core])
            for model, figures in memory.items()
        ],
        [_time(time, found[time.model, parts.load(time.part).core]) for time in times],
        widths(WIDTHS),
    )


def widths(rows: Sequence[Width]) -> list[WidthRow]:
    """Returns MACs and parameters of MobileNetV1 for 1,000 classes, by width and size."""
    found = []
    for row in rows:
        content = structures.mobilenet_v1(row.size, row.alpha, published.CLASSES)
        network = graph.read(content, f"alpha {row.alpha}")
        found.append(WidthRow(row, folding.macs(network), _parameters(network)))
    return found


def _parameters(network: graph.Graph) -> int:
    """Returns weights and biases; a layer behind which training normalises, which is one with an
    activation, has gamma and beta instead of its bias."""
    total = 0
    for op in network.operators:
        if traits.of(op.name).layer in LAYERS:
            weight, bias = (network.tensors[i] for i in op.inputs[1:3])
            normalised = op.options.get("fused_activation_function", "NONE") != "NONE"
            total += weight.count + (1 + normalised) * bias.count
    return total


def _is_of(part: str, only: Sequence[str]) -> bool:
    return part in only if only else bool(part)


def _board(core: str) -> str:
    board = places.reference(core)
    if board is None:
        raise ToolMissing(
            f"no board of the core {core} can be emulated here", hint="see `boardless boards`"
        )
    return board.name


def _memory(model: str, figures: Published, made: Measurement) -> MemoryRow:
    run = made.runs[PICTURES]
    return MemoryRow(model, figures, run.build, run.stack_bytes)


def _time(time: Time, made: Measurement) -> TimeRow:
    run = made.runs[PICTURES]
    for cycles in run.cycles:
        if cycles.target.name == time.part:
            return TimeRow(time, cycles)
    raise ToolMissing(f"no cycles of {time.model}", where=time.part, hint="; ".join(run.notes))
