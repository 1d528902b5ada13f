"""The main path: prepare -> measure -> judge, each from a frozen record to the next; then a report.

    outcome = follow(Request("digits_cnn:int8", "mps2-an386"))

Every command, the pytest plugin, the Robot library, sweeps and benchmarks go along it, or a part of
it; no other code runs a model on a device and holds it against the reference. An exception stops
the path and says why. Several requests at once: see cases.py.
"""

from __future__ import annotations

from typing import Any

from boardless.judge.records import Outcome
from boardless.path.judging import judge
from boardless.path.measuring import Measurement, measure
from boardless.path.preparing import Prepared, prepare
from boardless.path.request import FIRST, GATE, PICTURES, Progress, Request, named, quiet

STEPS = (prepare, measure, judge)


def follow(request: Request, progress: Progress = quiet) -> Outcome:
    """Returns what came of one request, measured by this process."""
    record: Any = request
    for step in STEPS:
        record = step(record, progress)
    assert isinstance(record, Outcome)
    return record


__all__ = [
    "FIRST",
    "GATE",
    "PICTURES",
    "STEPS",
    "Measurement",
    "Outcome",
    "Prepared",
    "Progress",
    "Request",
    "follow",
    "judge",
    "measure",
    "named",
    "prepare",
    "quiet",
]
