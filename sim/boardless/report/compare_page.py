"""The page of `boardless compare`: one self-contained HTML file, with bars for each layer.

html = render("litert", rows, "boardless compare digits_cnn")

Layers of several runtimes stand next to each other where they make the same tensor. The page has no
script; its look, and the escaping of all that it shows, are those of the report.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from boardless import __version__
from boardless.device.records import MarkedLayer, Run
from boardless.report import compare, page
from boardless.report.compare import Row

REST = "between the layers"
INSTRUCTIONS = "instructions"
TEXT = ("board", "runtime", "version", "own reference", "{common}")  # columns that are no numbers


@dataclass(frozen=True)
class LayerLine:
    """A layer: what it takes in each runtime, None where that has no layer of its name."""

    op: str
    name: str
    values: list[float | None]


@dataclass(frozen=True)
class Chart:
    """The layers of the runtimes that were measured; `most` is the largest value."""

    unit: str  # "instructions" or "est. cycles on cortex-m4"
    runtimes: list[str]
    totals: list[float]  # of the first inference
    lines: list[LayerLine]
    most: float


@dataclass(frozen=True)
class Section:
    """One model on one board."""

    model: str
    board: str
    columns: list[tuple[str, bool]]  # titles, and whether the column holds numbers
    rows: list[list[str]]
    refused: list[str]  # by row, "" where it was measured
    remarks: list[str]
    chart: Chart | None


def render(common: str, rows: Sequence[Row], command: str) -> str:
    """Returns the page of all rows. `common` is the reference that all are held against."""
    sections = [
        _section(model, board, common, some)
        for (model, board), some in compare.grouped(rows).items()
    ]
    return (
        page.environment()
        .get_template("compare.html.j2")
        .render(
            sections=sections,
            common=common,
            command=command,
            made=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            boardless=__version__,
            policy=page.POLICY,
            rest=REST,
        )
    )


def _section(model: str, board: str, common: str, rows: Sequence[Row]) -> Section:
    chosen = [i for i in compare.shown(rows) if compare.HEADINGS[i] != "board"]
    titles = compare.titles(common)
    said = [text for text in compare.remarks(rows) if not text.startswith("refused, ")]
    return Section(
        model,
        board,
        [(titles[i], compare.HEADINGS[i] not in TEXT) for i in chosen],
        [[compare.cells(row)[i] for i in chosen] for row in rows],
        [row.refused for row in rows],
        said,
        chart([(row.runtime, row.outcome.run) for row in rows if row.outcome]),
    )


def chart(runs: Sequence[tuple[str, Run]]) -> Chart | None:
    """Returns the layers of runs, each with its runtime's name; None where nothing was counted."""
    runs = [(name, run) for name, run in runs if run.counts.layers and run.counts.instructions]
    if not runs:
        return None
    priced = all(run.cycles for _, run in runs)
    unit = f"est. cycles on {runs[0][1].cycles[0].target.name}" if priced else INSTRUCTIONS
    spent = [_spent(run, priced) for _, run in runs]
    totals = [
        run.cycles[0].inferences[0] if priced else run.counts.instructions[0] for _, run in runs
    ]
    order, ops = _in_order([run.build.layers for _, run in runs])
    lines = [LayerLine(ops[key], key[0], [each.get(key) for each in spent]) for key in order]
    rest = [total - sum(each.values()) for total, each in zip(totals, spent, strict=True)]
    lines.append(LayerLine("", REST, [max(0.0, value) for value in rest]))
    most = max(value or 0.0 for line in lines for value in line.values)
    return Chart(unit, [name for name, _ in runs], [float(x) for x in totals], lines, most)


Key = tuple[str, int]  # a layer's name, and which one of that name it is


def _keys(layers: Sequence[MarkedLayer]) -> list[Key]:
    found: list[Key] = []
    for layer in layers:
        found.append((layer.name, sum(name == layer.name for name, _ in found)))
    return found


def _spent(run: Run, priced: bool) -> dict[Key, float]:
    layers = run.build.layers
    if priced:
        values = [run.cycles[0].regions.get(layer.index, 0.0) for layer in layers]
    else:
        values = [float(run.counts.layers[layer.index]) for layer in layers]
    return dict(zip(_keys(layers), values, strict=True))


def _in_order(each: Sequence[Sequence[MarkedLayer]]) -> tuple[list[Key], dict[Key, str]]:
    """Returns the layers of all runtimes in an order that is that of the first, with what only
    others have behind what precedes it there; and their operators."""
    order: list[Key] = []
    ops: dict[Key, str] = {}
    for layers in each:
        at = 0
        for key, layer in zip(_keys(layers), layers, strict=True):
            ops.setdefault(key, layer.op)
            if key not in order:
                order.insert(at, key)
            at = order.index(key) + 1
    return order, ops
