"""The path's third step: predictions against the reference, figures against a baseline.

outcome = judge(measurement)
"""

from __future__ import annotations

import dataclasses

from boardless.judge import budgets, gating, metrics, predictions, tolerances
from boardless.judge.records import Outcome
from boardless.path.measuring import Measurement
from boardless.path.request import GATE, Progress, quiet


def judge(measurement: Measurement, progress: Progress = quiet) -> Outcome:
    """Compares what was measured. The last set of pictures that was asked for is the one that is
    shown; corrupted ones must agree with the reference, too."""
    verdicts = {
        name: predictions.compare(
            run.outputs,
            run.reference,
            run.pictures.labels,
            run.rounding,
            run.answered_by if run.instead else run.held_against,
        )
        for name, run in measurement.runs.items()
    }
    comparison = None
    if gate := measurement.runs.get(GATE):
        request = measurement.request
        case = gating.case(request.model, gate.build.board, request.reference, request.runtime)
        comparison = gating.compare(case, gate, verdicts[GATE], tolerances.load())
    shown = measurement.request.sets[-1]
    run, verdict = measurement.runs[shown], verdicts[shown]
    for name in measurement.runs:
        if name not in measurement.request.sets and not verdicts[name].ok and verdict.ok:
            reason = f"corrupted pictures, {name}: {verdicts[name].reason}"
            verdict = dataclasses.replace(verdict, ok=False, reason=reason)
    found = None
    if asked := measurement.request.metrics:
        names, missing = metrics.chosen(asked, run.pictures, run.classes)
        found = metrics.measure(run, names, measurement.runs, missing)
    checked = budgets.check(run, measurement.request.budgets)
    return Outcome(run, verdict, comparison, measurement.stored, found, checked)
