"""The output of `boardless calibrate`: measured and estimated cycles, as tables and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from boardless.core.errors import BoardlessError
from boardless.cycles import calibration
from boardless.cycles.calibration.facts import Suite
from boardless.cycles.counts import Code, Tally
from boardless.cycles.decode import Instruction
from boardless.device.records import MarkedLayer
from boardless.report import table
from boardless.report.profile import short
from boardless.report.table import number, words

Layers = Sequence[tuple[MarkedLayer, int, float]]  # cycles measured, cycles estimated


@dataclass
class SuiteFigures:
    """The results for the programs of one suite."""

    suite: Suite
    core: str
    part: str | None
    version: str  # of the compiler
    rows: list[calibration.ProgramRow] = field(default_factory=list)
    layers: dict[str, Layers] = field(default_factory=dict)  # by program
    reasons: list[str] = field(default_factory=list)  # why it says nothing about the error
    skipped: list[str] = field(default_factory=list)  # programs that are built otherwise today
    failures: list[BoardlessError] = field(default_factory=list)
    counts: dict[str, tuple[Code, Sequence[Instruction], Tally]] = field(default_factory=dict)

    def add(self, row: calibration.ProgramRow, layers: Layers) -> None:
        self.rows.append(row)
        if layers:  # the board has a timer
            self.layers[row.program] = layers


def label(core: str, part: str | None) -> str:
    return f"{core} ({part})" if part else core


def summaries(rows: Sequence[calibration.ProgramRow]) -> dict[str, calibration.Summary]:
    """Summarises rows by group: all programs, those held out, and those by which numbers were
    chosen."""
    groups = {
        "all": list(rows),
        "held out": [r for r in rows if r.held_out],
        "used for choosing": [r for r in rows if not r.held_out],
    }
    return {name: calibration.summary(group) for name, group in groups.items() if group}


def show(found: SuiteFigures) -> None:
    table.show(
        f"{found.suite.title}, priced as {label(found.core, found.part)}",
        (
            words("program"),
            number("measured", 2),
            number("estimated", 3),
            number("error"),
            words("held out", 1),
        ),
        [
            (
                r.program,
                f"{r.measured:,.0f}",
                f"{r.estimated:,.0f}",
                f"{r.error_percent:+.1f} %",
                "yes" if r.held_out else "",
            )
            for r in found.rows
        ],
    )
    for program, layers in found.layers.items():
        table.show(
            f"{program} by layer",
            (
                number(""),
                words("op", 1),
                words("name", 2),
                number("measured"),
                number("estimated"),
                number("error"),
            ),
            [
                (
                    str(layer.index),
                    layer.op,
                    short(layer.name),
                    f"{measured:,}",
                    f"{estimated:,.0f}",
                    f"{100 * (estimated / measured - 1):+.1f} %" if measured else "",
                )
                for layer, measured, estimated in layers
            ],
        )
    table.show(
        "",
        (
            words("absolute error over"),
            number("programs", 2),
            number("mean"),
            number("median", 1),
            number("worst"),
            words("of", 3),
        ),
        [
            (
                name,
                str(s.programs),
                f"{s.mean:.1f} %",
                f"{s.median:.1f} %",
                f"{s.worst:.1f} %",
                s.worst_program,
            )
            for name, s in summaries(found.rows).items()
        ],
    )
    table.note(" ".join(found.suite.split.split()))


def as_json(found: SuiteFigures) -> dict[str, Any]:
    return {
        "suite": found.suite.name,
        "core": found.core,
        "part": found.part,
        "board": found.suite.board,
        "clock_hz": found.suite.clock_hz,
        "compiler": found.version,
        "not_comparable": [*found.reasons, *found.skipped],
        "source": found.suite.source,
        "programs": [
            {
                "name": r.program,
                "measured": r.measured,
                "estimated": r.estimated,
                "error_percent": r.error_percent,
                "held_out": r.held_out,
                "layers": [
                    {
                        "index": layer.index,
                        "op": layer.op,
                        "name": layer.name,
                        "measured": measured,
                        "estimated": round(estimated, 2),
                    }
                    for layer, measured, estimated in found.layers.get(r.program, ())
                ],
            }
            for r in found.rows
        ],
        "summary": {
            name.replace(" ", "_"): _summary(s) for name, s in summaries(found.rows).items()
        },
    }


# ---- all targets ----


def show_all(every: Sequence[tuple[str, str | None, calibration.Error]]) -> None:
    """Shows the error of each core and part: programs that no number was chosen by come first."""
    columns = (
        words("estimates of", 4),
        number("held out", 4),
        number("mean", 4),
        number("worst", 4),
        number("all", 2),
        number("mean", 2),
        number("worst", 2),
    )
    rows = [
        (
            f"{label(core, part)}{', of an older model' if error.stale else ''}",
            *figures(error.held_out),
            *figures(error.total),
        )
        for core, part, error in every
    ]
    table.show("Estimated cycles against cycles measured on boards", columns, rows)
    table.note("Absolute errors. No number was fitted to a program that is held out.")


def figures(summary: calibration.Summary | None) -> tuple[table.Cell, ...]:
    """Returns programs, mean and worst; the mean is red where it is too far off."""
    if summary is None:
        return "0", "", ""
    mean = f"{summary.mean:.1f} %"
    shown = table.bad(mean) if summary.mean > calibration.TOO_FAR else mean
    return str(summary.programs), shown, f"{summary.worst:.1f} %"


def all_as_json(every: Sequence[tuple[str, str | None, calibration.Error]]) -> dict[str, Any]:
    return {
        "targets": [
            {
                "core": core,
                "part": part,
                "suites": list(error.suites),
                "stale": error.stale,
                "counts": calibration.load(core, part).counts,
                "summary": {
                    name: _summary(group)
                    for name, group in (("held_out", error.held_out), ("all", error.total))
                    if group
                },
            }
            for core, part, error in every
        ]
    }


def _summary(s: calibration.Summary) -> dict[str, Any]:
    return {
        "programs": s.programs,
        "mean_percent": s.mean,
        "median_percent": s.median,
        "worst_percent": s.worst,
        "worst_program": s.worst_program,
    }
