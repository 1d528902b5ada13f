"""Prices the recorded programs of a suite again: no sources, no compiler, no emulator.

rows = again.rows(facts.load("embench"))
"""

from __future__ import annotations

from boardless.cycles import cores, parts, price
from boardless.cycles.calibration import ProgramRow, recorded
from boardless.cycles.calibration.facts import Suite
from boardless.cycles.calibration.recorded import Recorded


def suites() -> list[str]:
    """Returns the suites whose counts are recorded."""
    return recorded.names()


def rows(suite: Suite, core: str | None = None, part: str | None = None) -> list[ProgramRow]:
    """Returns a row per program whose counts are recorded, as the core and part of the suite or as
    those named; BadInput where nothing is recorded or the core has no such instruction."""
    kept = recorded.load(suite.name)
    core_name, part_name = core or suite.core, part or suite.part
    known = {p.name: p for p in suite.programs}
    return [
        ProgramRow(
            suite.name,
            name,
            known[name].cycles,
            cycles(counts, core_name, part_name, suite.clock_hz),
            known[name].held_out,
        )
        for name, counts in kept.programs.items()
        if name in known
    ]


def cycles(counts: Recorded, core: str, part: str | None, clock_hz: int) -> float:
    """Returns the cycles that the model estimates for a recorded program."""
    place = parts.load(part).at(clock_hz) if part else None
    weights = price.weights(cores.load(core), place, counts.code, counts.tally, counts.decoded)
    return float(price.cycles(weights, counts.tally).sum())
