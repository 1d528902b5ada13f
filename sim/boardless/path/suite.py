"""All models on several boards at once, and the gate's verdict on each: what `boardless sim` runs.

outcomes = run(gating.cases((), ["mps2-an386"]), None, progress)
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from boardless.core import parallel
from boardless.core.errors import ToolMissing, TooSmall
from boardless.device import boards, build
from boardless.device.records import Board, Run
from boardless.judge import figures, gating, tolerances
from boardless.judge.predictions import Verdict
from boardless.model import zoo
from boardless.path import evaluate

MOST_PICTURES, FEWEST_PICTURES = 64, 4
VALUES = 150_000  # of all pictures of a model together: 64 of 28x28x3, 16 of 96x96x1


@dataclass(frozen=True)
class Outcome:
    """Of one model on one board: a run and the gate's row, or why it does not fit."""

    case: gating.Case
    run: Run | None = None
    verdict: Verdict | None = None
    gate: gating.Row | None = None
    misfit: gating.Misfit | None = None

    @property
    def ok(self) -> bool:
        """What never fitted is no failure."""
        return self.verdict is None or self.verdict.ok


def choose(which: str, say: Callable[[str], object]) -> list[Board]:
    """Boards of "default", "all" (of what is installed; `say` names the others) or "A,B,..."."""
    if which not in ("default", "all"):
        return [boards.load(name) for name in which.split(",")]
    every = [boards.load(name) for name in boards.names()]
    if which == "default":
        return [board for board in every if board.default]
    chosen = []
    for board in every:
        try:
            build.toolchain(board)
            evaluate.choose_emulator(board, None)
            chosen.append(board)
        except ToolMissing as error:
            say(f"left out: {board.name}: {error}")
    return chosen


def pictures(name: str) -> int:
    """How many of a zoo model's pictures are enough for a look: fewer where they are large."""
    fit = VALUES // math.prod(zoo.results(name).input_shape)
    return max(FEWEST_PICTURES, min(MOST_PICTURES, fit))


def run(
    cases: Sequence[gating.Case],
    limit: int | None,
    progress_of: Callable[[evaluate.Request], evaluate.Progress],
) -> list[Outcome]:
    """In the order of `cases`, as many at a time as there are processors; `limit` pictures each, or
    as many as `pictures` says."""
    limits = tolerances.load()

    def one(case: gating.Case, cancel: threading.Event) -> Outcome:
        request = evaluate.Request(
            case.model,
            case.board.name,
            limit=limit or pictures(case.name),
            jobs=1,
            cancel=cancel,
        )
        say = progress_of(request)
        try:
            run, verdict = evaluate.evaluate(request, say)
            return Outcome(case, run, verdict, judge(case, limits, say, cancel))
        except TooSmall as error:
            return Outcome(case, misfit=gating.misfit(case, error))

    return parallel.each(cases, one)


def judge(
    case: gating.Case,
    limits: tolerances.Tolerances,
    progress: evaluate.Progress,
    cancel: threading.Event,
) -> gating.Row:
    """Runs a case on the gate's inputs, on one device, and compares it with its baseline."""
    inputs = figures.inputs(case.name)
    request = evaluate.Request(case.model, case.board.name, jobs=1, cancel=cancel)
    run, verdict = evaluate.evaluate(request, progress, inputs.load)
    return gating.judge(case, inputs, run, verdict, limits)
