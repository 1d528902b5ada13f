"""The programs measured on boards, with sources, measured cycles and estimates."""

from __future__ import annotations

from boardless.cycles import calibration
from boardless.cycles.calibration import ProgramRow, facts

from generated import errors
from generated.writing import cell, code, table


def markdown() -> str:
    parts = [f"{errors.by_suite()}\n"]
    for name in facts.names():
        suite = facts.load(name)
        found = calibration.load(suite.core, suite.part)
        rows = [row for row in found.row if row.suite == name]
        told = f"{cell(suite.title)}. {suite.compiler}, `{' '.join(suite.flags)}`."
        path = "" if suite.firmware else " PATH"
        version = found.compilers.get(name, "another version")
        result = f"`boardless calibrate {name}{path}` found, with GCC {version}:"
        programs = table(
            ("program", "#measured", "#estimated", "#error", "held out"), [_row(r) for r in rows]
        )
        source = f"Source: {cell(suite.source)}"
        parts.append(f"## {name}\n\n{told}\n\n{source}\n\n{result}\n\n{programs}")
    return "\n".join(parts)


def _row(row: ProgramRow) -> list[str]:
    held = "yes" if row.held_out else ""
    figures = (f"{row.measured:,.0f}", f"{row.estimated:,.0f}", f"{row.error_percent:+.1f}\u00a0%")
    return [code(row.program), *figures, held]
