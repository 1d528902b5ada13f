"""The output of `boardless bench`: tables for people, JSON for machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from boardless.cycles.estimate import Cycles
from boardless.front import bench
from boardless.report import table
from boardless.report.table import Cell, number, words

NOTES = (
    "instructions of one inference, counted exactly; cycles are estimates, on the emulated board",
    "instr/MAC: per MAC of the model as it was made; by kind: per MAC executed, after folding",
    "gain: instructions of the reference kernels, divided by those of the optimised ones",
    "ratio: the peer's instructions or cycles, divided by ours",
    "counting: CPU time of the emulator with the counting plugin, divided by that without",
    "inf/s and M instr/s: emulation speed on this machine at this moment",
)
MARKS = {True: "kept", False: "EXCEEDED", None: "not judged"}
MODEL_HEADINGS = (
    words("model"),
    words("folding", 1),
    words("outputs", 2),
    number("instructions"),
    number("MACs", 6),
    number("executed", 7),
    number("instr/MAC", 1),
    number("est. cycles", 2),
    number("/MAC", 5),
    number("arena", 3),
    number("flash", 3),
    number("reference kernels", 8),
    number("gain", 2),
    number("inf/s", 9),
    number("M instr/s", 10),
    number("counting", 10),
)
KIND_HEADINGS = (
    words("model"),
    words("folding", 1),
    words("kind"),
    number("layers", 6),
    number("MACs executed", 5),
    number("instructions", 1),
    number("share", 2),
    number("instr/MAC"),
    number("reference kernels", 7),
    number("gain", 3),
    number("CMSIS-NN", 4),
    number("ratio", 4),
    number("limit", 5),
    words("", 2),
)
PUBLISHED_HEADINGS = (
    words("model"),
    words("folding", 4),
    words("runtime"),
    words("part", 1),
    number("MHz", 5),
    number("measured ms"),
    number("cycles/MAC", 3),
    number("our est. ms"),
    number("cycles/MAC", 3),
    number("ratio", 1),
)
PEER_HEADINGS = (
    words("model"),
    words("folding", 5),
    words("peer"),
    number("instructions", 1),
    number("instr/MAC", 2),
    number("ours", 2),
    number("ratio"),
    number("est. cycles", 2),
    number("ratio", 1),
    number("RAM", 3),
    number("our arena", 3),
    number("flash", 4),
    number("our flash", 4),
)


def record(rows: Sequence[bench.BenchRow], board: str) -> dict[str, Any]:
    """The JSON; of a row with wrong outputs no count is stated."""
    return {
        "board": board,
        "ok": bench.ok(list(rows)),
        "rows": [_row(row) for row in rows],
        "notes": list(NOTES),
    }


def _row(row: bench.BenchRow) -> dict[str, Any]:
    counted: dict[str, Any] = {}
    if row.ok:
        counted = {
            "instructions": row.instructions,
            "cycles": {
                c.target.name: {"cycles": c.inferences[0], "per_mac": row.cycles_per_mac(c)}
                | {"basis": c.basis}
                for c in row.cycles
            },
            "published": [msgspec.to_builtins(p) for p in bench.published(row.case)],
            "macs": row.macs,
            "per_mac": row.per_mac,
            "per_executed_mac": row.instructions / row.macs if row.macs else None,
            "reference_kernels": row.reference_instructions,
            "gain": row.reference_instructions / row.instructions,
            "kinds": {name: _kind(row, name) for name in row.kinds},
            "speed": row.speed and vars(row.speed),
            "peers": [
                msgspec.to_builtins(peer) | {"ratio": peer.instructions / row.instructions}
                for peer in row.peers
            ],
            "limits": [
                msgspec.to_builtins(limit)
                | {"value": row.value(limit.what), "kept": bench.kept(row, limit)}
                for limit in bench.limits(row.case, row.board)
            ],
        }
    return {
        "model": row.case.model,
        "fold": row.case.fold,
        "weights_in_ram": row.case.weights_in_ram,
        "trained": row.trained,
        "ok": row.ok,
        "reason": row.verdict.reason,
        "bit_exact": row.verdict.bit_exact,
        "max_abs_error": row.verdict.max_abs_error,
        "toolchain": row.build.toolchain,
        "build_id": row.build.build_id,
        "nominal_macs": row.build.nominal_macs,
        "arena_bytes": row.build.arena_bytes,
        "flash_bytes": row.build.flash_bytes,
        **counted,
    }


def _kind(row: bench.BenchRow, name: str) -> dict[str, Any]:
    kind, plain = row.kinds[name], row.reference_kinds.get(name)
    return vars(kind) | {
        "per_mac": kind.per_mac,
        "reference_kernels": plain.instructions if plain else None,
    }


def show(rows: Sequence[bench.BenchRow]) -> None:
    """Three tables: models, kinds of layers, peers; then what each figure means and what failed."""
    good = [row for row in rows if row.ok]
    table.show("models", MODEL_HEADINGS, [_model(row) for row in rows])
    table.show(
        "by kind of layer", KIND_HEADINGS, [_line(row, k) for row in good for k in row.kinds]
    )
    compared = [(row, peer) for row in good for peer in row.peers]
    if compared:
        table.show("compared with peers", PEER_HEADINGS, [_peer(*each) for each in compared])
    times = [(row, *time) for row in good for time in row.times]
    if times:
        rows_of = [_time(*time) for time in times]
        table.show("compared with times measured on boards", PUBLISHED_HEADINGS, rows_of)
    lines = [
        f"est. cycles: {basis}" for basis in dict.fromkeys(c.basis for r in good for c in r.cycles)
    ]
    lines += [f"{p.runtime}: {p.source}" for p in dict.fromkeys(time[1] for time in times)]
    lines += dict.fromkeys(f"{p.name}: {p.note}; {p.flags}; {p.source}" for _, p in compared)
    untrained = dict.fromkeys(row.case.model for row in rows if not row.trained)
    if untrained:
        lines.append(f"random weights: {', '.join(untrained)}")
    lines += NOTES
    for row in rows:
        name = f"{row.case.model}, {row.case.how}"
        if not row.ok:
            lines.append(f"{name}: WRONG, no counts: {row.verdict.reason}")
            continue
        for limit in bench.limits(row.case, row.board):
            value, mark = row.value(limit.what), MARKS[bench.kept(row, limit)]
            shown = "none" if value is None else f"{value:,.4g}" if value < 1e3 else f"{value:,.0f}"
            lines.append(f"limit {mark}: {name}: {limit.what} {shown}, below {_bound(limit)}")
    for line in lines:
        table.note(line)


def _model(row: bench.BenchRow) -> tuple[Cell, ...]:
    name = (row.case.model, row.case.how)
    if not row.ok:
        return (*name, table.bad("WRONG"), *[""] * (len(MODEL_HEADINGS) - 3))
    exact = "bit-exact" if row.verdict.bit_exact else f"within {row.verdict.max_abs_error:.1g}"
    return (
        *name,
        exact,
        _limited(row, f"{row.instructions:,}", "instructions"),
        f"{row.build.nominal_macs:,}",
        f"{row.macs:,}",
        _limited(row, _per_mac(row.per_mac), "per_mac"),
        f"{row.cycles[0].inferences[0]:,.0f}" if row.cycles else "?",
        _limited(row, _per_mac(row.cycles_per_mac(row.cycles[0])), "cycles_per_mac")
        if row.cycles
        else "",
        f"{row.build.arena_bytes:,}",
        f"{row.build.flash_bytes:,}",
        f"{row.reference_instructions:,}",
        f"{row.reference_instructions / row.instructions:.2f}x",
        f"{row.speed.inferences_per_second:,.1f}" if row.speed else "",
        f"{row.speed.instructions_per_second / 1e6:,.0f}" if row.speed else "",
        f"{row.speed.counting:.2f}x" if row.speed and row.speed.counting else "",
    )


def _limited(row: bench.BenchRow, shown: str, what: str) -> Cell:
    """Returns a figure with its limit, if it is judged by one; red where it is beyond."""
    for limit in bench.limits(row.case, row.board):
        kept = bench.kept(row, limit)
        if limit.what == what and kept is not None:
            below = _bound(limit)
            return f"{shown} (< {below})" if kept else table.bad(f"{shown} (NOT < {below})")
    return shown


def _per_mac(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _bound(limit: bench.Limit) -> str:
    return f"{limit.below:g}" if limit.below < 1e3 else f"{limit.below / 1e6:g} M"


def _line(row: bench.BenchRow, name: str) -> tuple[Cell, ...]:
    kind, plain = row.kinds[name], row.reference_kinds.get(name)
    peer = next((p.kinds[name] for p in row.peers if name in p.kinds), None)
    limit = next((x for x in bench.limits(row.case, row.board) if x.what == name), None)
    mark: Cell = ""
    if limit:
        kept = bench.kept(row, limit)
        mark = table.bad(MARKS[kept]) if kept is False else MARKS[kept]
    return (
        row.case.model,
        row.case.how,
        name,
        str(kind.layers or ""),
        f"{kind.macs:,}" if kind.macs else "",
        f"{kind.instructions:,}",
        f"{kind.instructions / row.instructions:.1%}",
        f"{kind.per_mac:.2f}" if kind.per_mac else "",
        f"{plain.per_mac:.2f}" if plain and plain.per_mac else "",
        f"{plain.instructions / kind.instructions:.2f}x" if plain and kind.instructions else "",
        f"{peer:.2f}" if peer else "",
        f"{peer / kind.per_mac:.2f}x" if peer and kind.per_mac else "",
        f"< {limit.below:g}" if limit else "",
        mark,
    )


def _peer(row: bench.BenchRow, peer: bench.Peer) -> tuple[str, ...]:
    return (
        row.case.model,
        row.case.how,
        peer.name,
        f"{peer.instructions:,}",
        f"{peer.per_mac or peer.instructions / row.build.nominal_macs:.2f}",
        _per_mac(row.per_mac),
        f"{peer.instructions / row.instructions:.2f}x",
        f"{peer.cycles:,}" if peer.cycles else "",
        f"{peer.cycles / row.cycles[0].inferences[0]:.2f}x" if peer.cycles and row.cycles else "",
        f"{peer.ram_bytes:,}",
        f"{row.build.arena_bytes:,}",
        f"{peer.flash_bytes:,}",
        f"{row.build.flash_bytes:,}",
    )


def _time(
    row: bench.BenchRow, published: bench.Published, cycles: Cycles, ours: float
) -> tuple[str, ...]:
    theirs = published.milliseconds / 1e3 * published.clock_hz / row.build.nominal_macs
    return (
        row.case.model,
        row.case.how,
        published.runtime,
        published.part,
        f"{published.clock_hz / 1e6:g}",
        f"{published.milliseconds:.2f}",
        f"{theirs:.2f}",
        f"{ours:.2f}",
        _per_mac(row.cycles_per_mac(cycles)),
        f"{published.milliseconds / ours:.2f}x",
    )
