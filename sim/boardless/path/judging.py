"""The path's third step: predictions against the reference, figures against a baseline.

outcome = judge(measurement)
"""

from __future__ import annotations

from boardless.judge import gating, predictions, tolerances
from boardless.judge.records import Outcome
from boardless.path.measuring import Measurement
from boardless.path.request import GATE, Progress, quiet


def judge(measurement: Measurement, progress: Progress = quiet) -> Outcome:
    """Compares what was measured. The last set of pictures is the one that is shown."""
    verdicts = {
        name: predictions.compare(run.outputs, run.reference, run.pictures.labels, run.rounding)
        for name, run in measurement.runs.items()
    }
    comparison = None
    if gate := measurement.runs.get(GATE):
        case = gating.case(measurement.request.model, gate.build.board)
        comparison = gating.compare(case, gate, verdicts[GATE], tolerances.load())
    shown = measurement.request.sets[-1]
    return Outcome(measurement.runs[shown], verdicts[shown], comparison, measurement.stored)
