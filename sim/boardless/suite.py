"""All models on several boards at once, and the gate's verdict on each: what `boardless sim` runs.

outcomes = run(judge.cases((), ["mps2-an386"]), None, progress)
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from boardless import boards, build, evaluate, parallel, zoo
from boardless.errors import ToolMissing, TooSmall
from boardless.gate import judge, tolerances
from boardless.records import Board, Run, Verdict

MOST_PICTURES, FEWEST_PICTURES = 64, 4
VALUES = 150_000  # of all pictures of a model together: 64 of 28x28x3, 16 of 96x96x1


@dataclass(frozen=True)
class Outcome:
    """Of one model on one board: a run and the gate's row, or why it does not fit."""

    case: judge.Case
    run: Run | None = None
    verdict: Verdict | None = None
    gate: judge.Row | None = None
    misfit: judge.Misfit | None = None

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
    cases: Sequence[judge.Case],
    limit: int | None,
    progress_of: Callable[[evaluate.Request], evaluate.Progress],
) -> list[Outcome]:
    """In the order of `cases`, as many at a time as there are processors; `limit` pictures each, or
    as many as `pictures` says."""
    limits = tolerances.load()

    def one(case: judge.Case, cancel: threading.Event) -> Outcome:
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
            return Outcome(case, run, verdict, judge.judge(case, limits, say, cancel))
        except TooSmall as error:
            return Outcome(case, misfit=judge.misfit(case, error))

    return parallel.each(cases, one)
