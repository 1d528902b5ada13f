"""Compares runtimes: the same models, boards and pictures, a row for each runtime.

rows = compare(["digits_cnn:int8"], ["mps2-an386"], ["boardless", "bakenn"], quiet)

A runtime is held against the reference whose bits it gives, and against one that all have in
common. One that refuses the model, or is not installed, is a row with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from boardless import runtimes
from boardless.core.errors import BadInput, BoardlessError
from boardless.cycles import cores, estimate
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
    missing: bool = False  # refused because a tool, a runtime or a device is not there or failed
    model: str = ""  # as it was asked for

    @property
    def ok(self) -> bool:
        """Its outputs are those of the reference that it follows."""
        return self.outcome is not None and self.outcome.verdict.ok


def compare(
    models: Sequence[str],
    board_names: Sequence[str],
    runtime_names: Sequence[str] = (),
    progress: Progress = quiet,
    *,
    common: str = profiles.DEFAULT,
    fresh: bool = False,
    **options: Any,
) -> list[CompareRow]:
    """Returns the rows, model by model and board by board. Without names, the runtimes are all,
    with all variants that are for a board. `options` are those of a Request; cycles are estimated
    for those of its cores and parts that a board is for. BadInput for one that no board is for."""
    found = {name: zoo.find(name) for name in _names(models)}
    targets = priced(board_names, options.pop("cores", ()), options.pop("parts", ()))
    options.setdefault("limit", PICTURE_COUNT)
    asked = [
        (model, board, name)
        for model in found
        for board in _names(board_names)
        for name in (_names(runtime_names) or every(board))
    ]
    requests: list[Request] = []
    rows: dict[tuple[str, str, str], CompareRow] = {}
    for key in asked:
        model, board, name = key
        try:
            runtime = runtimes.load(name)
            runtime.version  # noqa: B018  (it raises where the runtime is not there)
            profile = runtime.profile or common
        except BoardlessError as error:
            rows[key] = _refused(model, board, name, error)
            continue
        core_names, part_names = targets[board]
        requests.append(
            Request(
                model,
                board,
                runtime=name,
                reference=profile,
                cores=core_names,
                parts=part_names,
                **options,
            )
        )
    made = cases.measurements(requests, progress, fresh=fresh)
    for request, result in zip(requests, made, strict=True):
        key = request.model, request.board, request.runtime
        if isinstance(result, BoardlessError):
            rows[key] = _refused(*key, result, runtimes.load(request.runtime).version)
            continue
        outcome = judge(result)
        rows[key] = CompareRow(
            request.board,
            outcome.run.build.runtime,
            outcome.run.build.runtime_version,
            outcome,
            _against(outcome.run, found[request.model], common),
            model=request.model,
        )
    return [rows[key] for key in asked]


def priced(
    board_names: Iterable[str], core_names: Iterable[str], part_names: Iterable[str]
) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Returns, by board, the cores and parts whose cycles its code is priced for: those of its own
    core, and those that no other board here is for and that execute its instructions."""
    own = {name: boards.load(name).core for name in board_names}
    taken: dict[str, list[estimate.Target]] = {name: [] for name in own}
    for target in estimate.targets(core_names, part_names):
        isas = {b: cores.load(core).isa for b, core in own.items() if core in cores.names()}
        able = [board for board, isa in isas.items() if isa == target.core.isa]
        if not able:
            raise BadInput(
                f"{target.name} ({target.core.name}) executes the code of none of these boards",
                where=", ".join(own),
                hint="add a --board that has this core",
            )
        for board in [b for b in able if own[b] == target.core.name] or able:
            taken[board].append(target)
    return {
        board: (
            tuple(target.name for target in targets if not target.part),
            tuple(target.name for target in targets if target.part),
        )
        for board, targets in taken.items()
    }


def every(board: str) -> list[str]:
    """Returns all runtimes with all variants for a board, our own first."""
    others = [name for name in runtimes.names() if name != runtimes.OURS]
    found = boards.load(board)
    return [
        each for name in (runtimes.OURS, *others) for each in runtimes.load(name).variants(found)
    ]


def _refused(
    model: str, board: str, runtime: str, error: BoardlessError, version: str = ""
) -> CompareRow:
    missing = error.exit_status == 3
    return CompareRow(board, runtime, version, refused=str(error), missing=missing, model=model)


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
