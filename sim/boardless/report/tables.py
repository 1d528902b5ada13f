"""The output of `boardless models --tables`: published figures next to boardless's.

show(found); record(found)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from boardless.cycles.estimate import Cycles
from boardless.device.records import Build
from boardless.model.published import KIB, Published, Time, Width
from boardless.report import estimates, measures, table
from boardless.report.table import number, words

OURS, THEIRS = "boardless", "published"
REMARK = (
    "boardless's code includes a test server of some 10 KiB; its RAM is without the server's copy "
    "of the picture; errors are those of estimates of other programs that boards have run"
)


@dataclass(frozen=True)
class MemoryRow:
    """A model's published memory, and the memory of boardless's firmware."""

    model: str
    published: Published
    build: Build
    stack_bytes: int

    @property
    def ours(self) -> dict[str, int]:
        """Returns bytes, by the keys of the published ones; RAM without the test server's copy of
        the picture, because a firmware can have its pictures in the arena."""
        found = measures.memory(self.build, self.stack_bytes)
        found["ram_bytes"] -= self.build.input_bytes  # the test server's copy
        found["runtime_ram_bytes"] = found["ram_bytes"] - found["arena_bytes"]
        return found


@dataclass(frozen=True)
class TimeRow:
    """A published time, and the estimate for the same part."""

    published: Time
    cycles: Cycles

    @property
    def milliseconds(self) -> float:
        """Returns the estimated time of an inference."""
        found = self.cycles.milliseconds(self.cycles.median)
        assert found is not None  # a part has a clock
        return found


@dataclass(frozen=True)
class WidthRow:
    """A row of MobileNetV1's table, and what the network of that width has here."""

    published: Width
    macs: int
    parameters: int  # that are trained: weights, and gamma and beta of batch normalisation


@dataclass(frozen=True)
class Tables:
    """All three tables, in the order of model/published.py."""

    memory: Sequence[MemoryRow]
    times: Sequence[TimeRow]
    widths: Sequence[WidthRow]


SIZES = {  # key of the JSON -> heading of the table
    "arena_bytes": number("activations"),
    "runtime_ram_bytes": number("other RAM", 3),
    "ram_bytes": number("RAM"),
    "weights_bytes": number("weights", 2),
    "code_bytes": number("code", 1),
    "flash_bytes": number("flash"),
}


def show(found: Tables) -> None:
    """Shows the three tables, and where the published figures are from."""
    if found.memory:
        _show_memory(found.memory)
    if found.times:
        _show_times(found.times)
    _show_widths(found.widths)
    sources: dict[str, list[str]] = {}
    for row in found.memory:
        sources.setdefault(row.published.source, []).append(row.model)
    for time in found.times:
        sources.setdefault(time.published.source, []).append(time.published.model)
    for source, names in sources.items():
        table.note(f"published for {', '.join(dict.fromkeys(names))}: {source}")
    table.note(REMARK)


def _show_memory(rows: Iterable[MemoryRow]) -> None:
    cells = []
    for row in rows:
        theirs = dataclasses.asdict(row.published)
        cells.append((row.model, row.published.part, THEIRS, *(_kib(theirs[k]) for k in SIZES)))
        cells.append(("", "", OURS, *(_kib(row.ours[k]) for k in SIZES)))
    headings = (words("model"), words("part", 4), words("whose"), *SIZES.values())
    table.show("Memory in KiB", headings, cells)


def _show_times(rows: Iterable[TimeRow]) -> None:
    headings = (
        words("model"),
        words("part"),
        number("published ms"),
        number("est. ms"),
        number("published / est.", 2),
        number("mean error", 1),
        number("worst", 1),
        words("of programs", 3),
    )
    cells = [
        (
            row.published.model,
            row.published.part,
            f"{row.published.milliseconds:.2f}",
            f"{row.milliseconds:.2f}",
            f"{row.published.milliseconds / row.milliseconds:.2f}",
            *_errors(row.cycles),
        )
        for row in rows
    ]
    table.show("Milliseconds of an inference", headings, cells)


def _show_widths(rows: Iterable[WidthRow]) -> None:
    headings = (
        number("alpha"),
        number("size"),
        number("published M MACs"),
        number("M MACs"),
        number("published M parameters"),
        number("M parameters"),
        number("published top-1", 1),
    )
    cells = [
        (
            f"{row.published.alpha:g}",
            f"{row.published.size}",
            f"{row.published.macs}",
            f"{row.macs / 1e6:.1f}",
            f"{row.published.parameters:.2f}",
            f"{row.parameters / 1e6:.2f}",
            f"{row.published.top_1:.1f} %",
        )
        for row in rows
    ]
    table.show("MobileNetV1 by width and size, 1,000 classes", headings, cells)


def record(found: Tables) -> dict[str, Any]:
    """Returns the JSON of the tables; sizes in bytes."""
    return {
        "memory": [
            {
                "model": row.model,
                "board": row.build.board.name,
                "published": dataclasses.asdict(row.published),
                "boardless": {key: row.ours[key] for key in SIZES},
            }
            for row in found.memory
        ],
        "times": [
            {
                **dataclasses.asdict(row.published),
                "estimated_milliseconds": round(row.milliseconds, 4),
                "estimate": estimates.described(row.cycles),
            }
            for row in found.times
        ],
        "widths": [
            {
                **dataclasses.asdict(row.published),
                "own_macs": row.macs,
                "own_parameters": row.parameters,
            }
            for row in found.widths
        ],
    }


def _errors(cycles: Cycles) -> tuple[str, str, str]:
    """Returns the mean and the worst error of programs that no number was chosen by, where there
    are some, and what they were measured on: the part, or another part with its core."""
    error = cycles.error or cycles.core_error
    if error is None:
        return "?", "?", ""
    found = error.held_out or error.total
    where = cycles.target.name if cycles.error else cycles.target.core.name
    return f"{found.mean:.1f} %", f"{found.worst:.1f} %", f"{found.programs} on {where}"


def _kib(size: int | None) -> str:
    return "" if size is None else f"{size / KIB:.1f}"
