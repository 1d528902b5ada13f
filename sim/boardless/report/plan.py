"""The output of `boardless plan`: the memory plan of a model."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from boardless.model.compiler import Program
from boardless.model.published import Published
from boardless.report import table
from boardless.report.table import number, words

HEADINGS = (
    words("model"),
    number("arena"),
    number("lower bound", 2),
    number("disjoint", 4),
    words("peak layer", 3),
    words("output over input", 6),
    number("RAM", 1),
    number("input kept", 7),
    number("flash", 1),
    number("published arena", 5),
    number("RAM", 8),
    number("flash", 8),
)


def show(rows: Sequence[dict[str, Any]]) -> None:
    """Shows one row per model, next to what others publish; sizes in bytes."""

    def size(values: dict[str, Any] | None, key: str) -> str:
        value = (values or {}).get(key)
        return "" if value is None else f"{value:,}"

    table.show(
        "",
        HEADINGS,
        [
            (
                row["model"],
                size(row, "arena_bytes"),
                size(row, "arena_lower_bound"),
                size(row, "disjoint_bytes"),
                f"{row['peak']['layer']} {row['peak']['op']}" if row["peak"] else "",
                ", ".join(f"{o['bytes']:,}" for o in row["peak_overlaps"]),
                size(row["memory"], "ram_bytes"),
                size(row["memory_input_kept"], "ram_bytes"),
                size(row["memory"], "flash_bytes"),
                size(row["published"], "arena_bytes"),
                size(row["published"], "ram_bytes"),
                size(row["published"], "flash_bytes"),
            )
            for row in rows
        ],
    )
    for source in dict.fromkeys(row["published"]["source"] for row in rows if row["published"]):
        names = ", ".join(
            r["model"] for r in rows if (r["published"] or {}).get("source") == source
        )
        table.note(f"published for {names}: {source}")


def record(
    program: Program,
    disjoint_bytes: int,
    published: Published | None,
    measured: list[dict[str, int]],
) -> dict[str, Any]:
    """Returns the JSON of `boardless plan` for one model. Steps of buffers are layer numbers, the
    number of layers being the end; `disjoint_bytes` is the arena without overlapping outputs,
    `measured` the memory of a build and of one that keeps its input, or empty."""
    arena = program.arena
    peak = program.layers[arena.peak_step] if arena.peak_step < len(program.layers) else None
    joint = [
        (arena.buffers[o.output].name, arena.buffers[o.input].name, size)
        for o in arena.overlaps
        for k, size in arena.shared(o.output)
        if k == o.input and arena.buffers[o.output].first == arena.peak_step
    ]
    return {
        "model": program.name,
        "arena_bytes": arena.arena_bytes,
        "arena_lower_bound": arena.lower_bound,
        "disjoint_bytes": disjoint_bytes,
        "peak": peak and {"layer": peak.index, "op": peak.op, "name": peak.name},
        "peak_overlaps": [
            {"output": output, "input": source, "bytes": size} for output, source, size in joint
        ],
        "memory": measured[0] if measured else None,
        "memory_input_kept": measured[1] if measured else None,
        "published": published and dataclasses.asdict(published),
        "buffers": arena.picture(),
    }
