"""Two revisions, built by the same tool chain: no baseline is needed.

The old revision runs its own sources in processes of its own and is read through the JSON of
`boardless run`, which every revision writes. The working tree goes the usual path, on the same
inputs.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

from boardless.core import scratch
from boardless.core.errors import BoardlessError, TooSmall
from boardless.device.records import Run
from boardless.front import revisions
from boardless.front.old_tree import Side, Tree
from boardless.judge import figures, growth, predictions
from boardless.judge.figures import Spent
from boardless.judge.gating import no_cycles, wrong
from boardless.judge.growth import Finding
from boardless.judge.records import Case, Comparison, Failure, Judgement, Misfit
from boardless.judge.tolerances import Tolerances
from boardless.path import FIRST, GATE, Progress, Request, named, prepare
from boardless.path.cases import measurements

NO_CYCLES = no_cycles("the run estimated none")


class Narrowed(NamedTuple):
    """The models and boards that the command line names; none: all."""

    models: Sequence[str] = ()
    boards: Sequence[str] = ()

    def has(self, name: str, kind: str, board: str) -> bool:
        models = not self.models or {name, f"{name}:{kind}"} & {*self.models}
        return bool(models) and (not self.boards or board in self.boards)


def against(
    revision: str,
    cases: Sequence[Case],
    narrowed: Narrowed,
    tolerances: Tolerances,
    progress: Progress,
    *,
    fresh: bool = False,
) -> Judgement:
    """Compares the working tree, with what is not committed, with `revision`. `fresh` measures
    again what has not changed."""
    fit, small, failures = fitting(cases, progress)
    with revisions.checkout(revision) as (commit, tree), scratch.folder("against") as folder:
        before = Tree(tree, revision, commit, folder / "old", folder / "build")
        inputs = {name: figures.inputs(name) for name in dict.fromkeys(c.name for c in cases)}
        known = [c for c in (*fit, *(case for case, _ in small)) if before.has(c, inputs[c.name])]
        old, new = measure_both(before, known, fit, inputs, progress, fresh=fresh)
        cards = {case.names: before.card_accuracy(case) for case in known}
        gone = before.judged() - {(case.name, case.kind, case.board.name) for case in cases}
    after = f"against {revision}"
    rows = []
    for case in fit:
        made, was = new[case.names], old.get(case.names)
        failed = [e for e in (made, was) if isinstance(e, BoardlessError) and e.exit_status > 2]
        if isinstance(made, BoardlessError) or failed:
            failures += [Failure(case, error) for error in failed or [made]]  # type: ignore[list-item]
            continue
        row = Comparison(case, made.reason, inputs[case.name].name, made.figures, after)
        found = wrong(row)
        if found:
            pass
        elif was is None:
            found = [Finding("skipped", "", f"not in {revision}, or there of another input shape")]
        elif isinstance(was, BoardlessError):
            found = [Finding("skipped", "", f"in {revision} it does not run: {was.what}")]
        else:
            # Both were built here and now: another compiler is a change of the sources.
            found = growth.compare(
                was.figures,
                made.figures,
                tolerances.of(case.model, case.board.name),
                core=case.board.core,
                no_cycles="" if made.figures.cycles else NO_CYCLES,
                own_prices=True,
            )
            if was.toolchain != made.toolchain:
                text = f"built by {made.toolchain}, before by {was.toolchain}"
                found.append(Finding("skipped", "", text))
            if was.figures.cycles and not made.figures.cycles:
                found.append(Finding("missing", "", "cycles are not counted any more"))
            row = replace(row, old=was.figures, old_card=cards.get(case.names))
        rows.append(replace(row, findings=tuple(found)))
    misfits = [
        Misfit(case, error.what, isinstance(old.get(case.names), Side), after)
        for case, error in small
    ]
    lost = [
        f"{name}:{kind} {board}: judged in {revision}, and not any more; "
        f'accept: [[gone]] with model = "{name}:{kind}" in models/gate.toml'
        for name, kind, board in sorted(gone)
        if narrowed.has(name, kind, board) and not tolerances.lets_go(f"{name}:{kind}", board)
    ]
    notes = [f"against {revision} ({commit[:12]})"]
    if revisions.git("status", "--porcelain", "--untracked-files=no"):
        notes.append("what is not committed in the working tree was compared, too")
    return Judgement(tuple(rows), tuple(lost), tuple(notes), tuple(misfits), tuple(failures))


def fitting(
    cases: Sequence[Case], progress: Progress
) -> tuple[list[Case], list[tuple[Case, TooSmall]], list[Failure]]:
    """Returns (cases that fit into their boards now, those that do not, those that cannot be
    built)."""
    fit, small, failures = [], [], []
    for case in cases:
        try:
            prepare(Request(case.model, case.board.name), named(progress, case.names))
            fit.append(case)
        except TooSmall as error:
            small.append((case, error))
        except BoardlessError as error:
            failures.append(Failure(case, error))
    return fit, small, failures


def measure_both(
    before: Tree,
    old: Sequence[Case],
    new: Sequence[Case],
    inputs: dict[str, figures.Inputs],
    progress: Progress,
    *,
    fresh: bool,
) -> tuple[dict[str, Side | BoardlessError], dict[str, Side | BoardlessError]]:
    """Returns what is compared (of the old revision, of the working tree), measured at the same
    time."""
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        try:
            was = pool.submit(before.measure, old, inputs, stop, progress, fresh=fresh)
            now = measure_now(new, progress, fresh=fresh)
            return was.result(), now
        except BaseException:
            stop.set()
            before.end()
            raise


def measure_now(
    cases: Sequence[Case], progress: Progress, *, fresh: bool
) -> dict[str, Side | BoardlessError]:
    """Returns what is compared of the working tree, or why it could not be measured."""
    requests = [Request(case.model, case.board.name, sets=(GATE, FIRST), jobs=1) for case in cases]
    found: dict[str, Side | BoardlessError] = {}
    for case, made in zip(cases, measurements(requests, progress, fresh=fresh), strict=True):
        if isinstance(made, BoardlessError):
            found[case.names] = made
            continue
        gate, first = made.runs[GATE], made.runs[FIRST]
        reason = predictions.compare(
            gate.outputs, gate.reference, rounding=gate.rounding, named=gate.held_against
        ).reason
        measured = figures.gather(gate, like_json(first))
        found[case.names] = Side(measured, reason, gate.build.toolchain)
    return found


def like_json(run: Run) -> dict[str, Spent]:
    """Returns cycles per core of a run of one input, as `figures.cycles_from_json` reads them from
    an older revision's JSON: layers have two decimals there, and the worst input is not known."""
    names = {x.index: figures.label({"op": x.op, "index": x.index}) for x in run.build.layers}
    return {
        c.target.name: Spent(
            whole=round(c.median),
            layers={name: round(round(c.regions.get(k, 0.0), 2)) for k, name in names.items()},
            table=c.table,
        )
        for c in run.cycles
    }
