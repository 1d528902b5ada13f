"""Many cases at once: all models on several boards, as `boardless sim` and `gate` run them.

found = outcomes(gating.cases((), ["mps2-an386"]), (GATE, PICTURES), progress)

A case that fails takes no other with it. One that depends on nothing that has changed since it was
measured is not measured again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

from boardless.core import paths
from boardless.core.errors import BadInput, BoardlessError, ToolMissing, TooSmall
from boardless.core.store import Store
from boardless.core.surroundings import in_ci
from boardless.data.records import Pictures
from boardless.device import boards, build, emulators
from boardless.device.records import Board
from boardless.judge import gating
from boardless.judge.records import Case, Failure, Misfit, Outcome
from boardless.model import zoo
from boardless.model.zoo import Model
from boardless.path import keys, workers
from boardless.path.judging import judge
from boardless.path.measuring import Measurement, inputs
from boardless.path.request import PICTURES, Progress, Request

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
class CasesFound:
    """The results of several cases, each list in their order."""

    outcomes: tuple[Outcome, ...]
    misfits: tuple[Misfit, ...]
    failures: tuple[Failure, ...]


def outcomes(
    cases: Sequence[Case],
    sets: tuple[str, ...],
    progress: Progress,
    limit: int | None = None,
    *,
    fresh: bool = False,
) -> CasesFound:
    """Measures and judges `cases` on these sets of pictures; `limit` pictures each, or as many as
    are enough. `fresh` measures again what has not changed."""
    requests = [
        Request(
            case.model,
            case.board.name,
            emulator=case.emulator,
            reference=case.reference,
            runtime=case.runtime,
            sets=sets,
            limit=(limit or enough(case.name)) if PICTURES in sets else None,
            jobs=1,
        )
        for case in cases
    ]
    judged, misfits, failures = [], [], []
    for case, made in zip(cases, measurements(requests, progress, fresh=fresh), strict=True):
        try:
            if isinstance(made, TooSmall):
                misfits.append(gating.misfit(case, made))
            elif isinstance(made, BoardlessError):
                failures.append(Failure(case, made))
            else:
                judged.append(judge(made))
        except BadInput as error:  # such as a damaged baseline
            failures.append(Failure(case, error))
    return CasesFound(tuple(judged), tuple(misfits), tuple(failures))


@dataclass(frozen=True)
class _Wanted:
    """A request to measure, and what its results are stored under."""

    number: int
    request: Request
    key: str
    key_now: Callable[..., str]  # changes when somebody edits a source


def measurements(
    requests: Sequence[Request], progress: Progress, *, fresh: bool = False
) -> list[Measurement | BoardlessError]:
    """Returns the measurement of each request, or why there is none. What was measured before, and
    depends on nothing that has changed since, comes from a store unless `fresh`, or CI, is set."""
    store = Store(paths.build_root() / "measured")
    fresh = fresh or in_ci()
    found: dict[int, Measurement | BoardlessError] = {}
    wanted: list[_Wanted] = []
    read = cache(_read)  # a model is read once for all boards
    common = cache(keys.firmware)  # the sources of a board once for all models
    for number, request in enumerate(requests):
        try:
            # Pictures that are given cannot be looked up, and need not be read.
            reading = _read if request.pictures is not None else read
            model, fed = reading(replace(request, board=""))
            key_now = partial(keys.key, request, model, fed)
            key = key_now(common)
        except BoardlessError as error:
            found[number] = error
            continue
        known = None if fresh else store.get(key)
        if isinstance(known, Measurement):
            found[number] = replace(known, request=request, stored=True)
        elif isinstance(known, TooSmall):
            found[number] = known
        else:
            prepared = replace(request, pictures=fed.get(PICTURES))  # read once
            wanted.append(_Wanted(number, prepared, key, key_now))

    def landed(index: int, result: Measurement | BoardlessError) -> None:
        case = wanted[index]
        found[case.number] = result
        # Sources that somebody has edited meanwhile may be those that were measured.
        unchanged = keys.unchanged() and case.key_now() == case.key
        if unchanged and isinstance(result, Measurement | TooSmall):
            store.put(case.key, result)

    workers.measure_all([case.request for case in wanted], progress, landed)
    return [found[number] for number in range(len(requests))]


def _read(request: Request) -> tuple[Model, dict[str, Pictures]]:
    model = zoo.find(request.model, request.reference)
    return model, inputs(request, model)
