"""The figures that were measured of a model on a board, as a folder states them.

figures = Figures.of(path.follow(request), "boardless run ...")
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from boardless.judge.records import Outcome
from boardless.report import estimates, measures

NOT_ASKED = "it was not asked for"


@dataclass(frozen=True)
class Figures:
    """The figures, and the command that measures them again; or why there are none."""

    measured: dict[str, Any] = field(default_factory=dict)
    command: str = ""  # that measures it again
    missing: str = NOT_ASKED  # "" where something was measured

    @classmethod
    def of(cls, outcome: Outcome, command: str) -> Figures:
        """Returns the figures of a run; nothing that differs from one run to the next."""
        run = outcome.run
        found = {
            "board": run.build.board.name,
            "emulator": f"{run.emulator} {run.emulator_version}",
            "toolchain": run.build.toolchain,
            "pictures": len(run.pictures),
            "agreement": outcome.verdict.agreement,
            "bit_exact": outcome.verdict.bit_exact,
            "instructions": measures.spread(run.counts.instructions),
            "cycles": estimates.estimates(run.cycles),
            "milliseconds": estimates.milliseconds(run.cycles),
            "memory": measures.memory(run.build, run.stack_bytes),
        }
        return cls(found, command, "")
