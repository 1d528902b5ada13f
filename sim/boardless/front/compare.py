"""Compares runtimes: the same model, boards and pictures, a row for each runtime.

rows = compare("digits_cnn:int8", ["mps2-an386"], ["boardless", "bakenn"], quiet)

A runtime is held against the reference whose bits it gives, and against one that all have in
common. One that refuses the model, or is not installed, is a row with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from boardless import runtimes
from boardless.core.errors import BoardlessError
from boardless.device import boards
from boardless.device.records import Run
from boardless.judge import predictions
from boardless.judge.predictions import Verdict
from boardless.judge.records import Outcome
from boardless.model import ports, profiles, reference, zoo
from boardless.path import Progress, Request, cases, judge, quiet

PICTURE_COUNT = 16


@dataclass(frozen=True)
class CompareRow:
    """A runtime on a board; without an outcome, `refused` says why."""

    board: str
    runtime: str  # and its variant
    version: str = ""
    outcome: Outcome | None = None
    common: Verdict | None = None  # against the reference that all have in common
    refused: str = ""

    @property
    def ok(self) -> bool:
        """Its outputs are those of the reference that it follows."""
        return self.outcome is not None and self.outcome.verdict.ok


def compare(
    model: str,
    board_names: Sequence[str],
    runtime_names: Sequence[str] = (),
    progress: Progress = quiet,
    *,
    common: str = profiles.DEFAULT,
    fresh: bool = False,
    **options: Any,
) -> list[CompareRow]:
    """Returns the rows, board by board. Without names, the runtimes are all, with all variants that
    are for a board. `options` are those of a Request."""
    found = zoo.find(model)
    asked = [
        (board, name) for board in board_names for name in (_names(runtime_names) or every(board))
    ]
    options.setdefault("limit", PICTURE_COUNT)
    requests: list[Request] = []
    refused: dict[tuple[str, str], str] = {}
    for board, name in asked:
        try:
            runtime = runtimes.load(name)
            runtime.version  # noqa: B018  (it raises where the runtime is not there)
            profile = runtime.profile or common
        except BoardlessError as error:
            refused[board, name] = str(error)
            continue
        requests.append(Request(model, board, runtime=name, reference=profile, **options))
    made = cases.measurements(requests, progress, fresh=fresh)
    rows = {}
    for request, result in zip(requests, made, strict=True):
        key = request.board, request.runtime
        if isinstance(result, BoardlessError):
            refused[key] = str(result)
            continue
        outcome = judge(result)
        build = outcome.run.build
        rows[key] = CompareRow(
            request.board,
            build.runtime,
            build.runtime_version,
            outcome,
            _against(outcome.run, found, common),
        )
    return [rows[key] if key in rows else CompareRow(*key, refused=refused[key]) for key in asked]


def every(board: str) -> list[str]:
    """Returns all runtimes with all variants for a board, our own first."""
    others = [name for name in runtimes.names() if name != runtimes.OURS]
    found = boards.load(board)
    return [
        each for name in (runtimes.OURS, *others) for each in runtimes.load(name).variants(found)
    ]


def _names(asked: Iterable[str]) -> list[str]:
    return [*dict.fromkeys(asked)]


def _against(run: Run, model: zoo.Model, profile: str) -> Verdict | None:
    """Returns a run's outputs against another reference, None where that has no answer."""
    if run.build.profile == profile:
        return predictions.compare(run.outputs, run.reference, run.pictures.labels, run.rounding)
    try:
        answer = reference.ask_once(model.reference, run.pictures.inputs, profile=profile)
    except BoardlessError:
        return None
    expected = ports.values(model.graph, answer.outputs)
    return predictions.compare(run.outputs, expected, run.pictures.labels)
