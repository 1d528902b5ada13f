"""Many cases at once: all models on several boards, as `boardless sim` and `gate` run them.

found = outcomes(gating.cases((), ["mps2-an386"]), (GATE, PICTURES), progress)

A case that fails takes no other with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from boardless.core.errors import BoardlessError, ToolMissing, TooSmall
from boardless.device import boards, build, emulators
from boardless.device.records import Board
from boardless.judge import gating
from boardless.judge.records import Case, Failure, Misfit, Outcome
from boardless.model import zoo
from boardless.path.judging import judge
from boardless.path.measuring import Measurement, measure
from boardless.path.preparing import prepare
from boardless.path.request import PICTURES, Progress, Request, named

MOST_PICTURES, FEWEST_PICTURES = 64, 4
VALUES = 150_000  # of all pictures of a model together: 64 of 28x28x3, 16 of 96x96x1


def choose(which: str, say: Callable[[str], object]) -> list[Board]:
    """Returns the boards of "default", "all" (of what is installed; `say` names the others) or
    "A,B,..."."""
    if which not in ("default", "all"):
        return [boards.load(name) for name in which.split(",")]
    every = [boards.load(name) for name in boards.names()]
    if which == "default":
        return [board for board in every if board.default]
    chosen = []
    for board in every:
        try:
            build.toolchain(board)
            emulators.choose(board)
            chosen.append(board)
        except ToolMissing as error:
            say(f"left out: {board.name}: {error}")
    return chosen


def enough(name: str) -> int:
    """Returns how many of a zoo model's pictures are enough for a look: fewer of large ones."""
    fit = VALUES // math.prod(zoo.results(name).input_shape)
    return max(FEWEST_PICTURES, min(MOST_PICTURES, fit))


@dataclass(frozen=True)
class Found:
    """The results of several cases, each list in their order."""

    outcomes: tuple[Outcome, ...]
    misfits: tuple[Misfit, ...]
    failures: tuple[Failure, ...]


def outcomes(
    cases: Sequence[Case], sets: tuple[str, ...], progress: Progress, limit: int | None = None
) -> Found:
    """Measures and judges `cases` on these sets of pictures; `limit` pictures each, or as many as
    are enough."""
    requests = [
        Request(
            case.model,
            case.board.name,
            sets=sets,
            limit=(limit or enough(case.name)) if PICTURES in sets else None,
            jobs=1,
        )
        for case in cases
    ]
    found = [*zip(cases, measurements(requests, progress), strict=True)]
    return Found(
        tuple(judge(m) for _, m in found if isinstance(m, Measurement)),
        tuple(gating.misfit(case, e) for case, e in found if isinstance(e, TooSmall)),
        tuple(
            Failure(case, e)
            for case, e in found
            if isinstance(e, BoardlessError) and not isinstance(e, TooSmall)
        ),
    )


def measurements(
    requests: Sequence[Request], progress: Progress
) -> list[Measurement | BoardlessError]:
    """Returns the measurement of each request, or why there is none."""
    return [_measured(request, progress) for request in requests]


def _measured(request: Request, progress: Progress) -> Measurement | BoardlessError:
    say = named(progress, request.names)
    try:
        return measure(prepare(request, say), say)
    except BoardlessError as error:
        return error
