"""The error of each core and part against boards, held-out programs first."""

from __future__ import annotations

from boardless.cycles import calibration
from boardless.cycles.calibration import Summary, facts

from generated.writing import code, table


def markdown() -> str:
    columns = ("estimates of", "#held out", "#mean", "#worst", "#all", "#mean", "#worst")
    rows = [
        [
            f"{code(part)} ({core})" if part else code(core),
            *_figures(error.held_out),
            *_figures(error.total),
        ]
        for core, part in calibration.targets()
        if (error := calibration.error(core, part))
    ]
    return table(columns, rows)


def by_suite() -> str:
    """Returns a table of every suite, held-out programs first."""
    columns = ("suite", "priced as", "#held out", "#mean", "#worst", "#all", "#mean", "#worst")
    rows = []
    for name in facts.names():
        suite = facts.load(name)
        found = [r for r in calibration.load(suite.core, suite.part).row if r.suite == name]
        held = [row for row in found if row.held_out]
        figures = (calibration.summary(some) if some else None for some in (held, found))
        cells = [cell for summary in figures for cell in _figures(summary)]
        rows.append([f"[{name}](#{name})", code(suite.part or suite.core), *cells])
    return table(columns, rows)


def _figures(summary: Summary | None) -> list[str]:
    """Three cells: programs, mean and worst; bold where the mean is too far off."""
    if summary is None:
        return ["0", "", ""]
    mean = f"{summary.mean:.1f}\u00a0%"
    shown = f"**{mean}**" if summary.mean > calibration.TOO_FAR else mean
    return [str(summary.programs), shown, f"{summary.worst:.1f}\u00a0%"]
