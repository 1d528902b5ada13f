"""Models of a user's own repository, beside what they were at a revision of it.

    report, results = judge(files, boards, Path("pictures"), "origin/main", limits, progress)

Both are compiled by this boardless and run on the same pictures, so what differs is the model. A
model that was trained again may predict otherwise: it must not predict worse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from boardless.core import scratch, unpack
from boardless.core.errors import BadInput, ToolFailed, TooSmall
from boardless.device.records import Board, Run
from boardless.front import against
from boardless.judge import figures, growth
from boardless.judge.gating import Case, Misfit, Report, Row, no_cycles, priced, wrong
from boardless.judge.growth import Finding
from boardless.judge.predictions import Verdict
from boardless.judge.tolerances import Tolerances
from boardless.model import zoo
from boardless.path import evaluate

NO_REVISION = "not compared with a revision"
Result = tuple[Run, Verdict]


@dataclass(frozen=True)
class Measured:
    """One file on one board."""

    run: Run
    verdict: Verdict
    figures: figures.Figures
    no_cycles: str  # why there are none


def judge(
    files: Sequence[Path],
    boards: Sequence[Board],
    images: Path | None,
    revision: str | None,
    limits: Tolerances,
    progress: evaluate.Progress,
) -> tuple[Report, list[Result]]:
    """The report, and the run that each of its rows is about; without a revision outputs are only
    compared with the reference."""
    rows, results, misfits, notes = [], [], [], []
    with scratch.folder("revision") as folder:
        for k, file in enumerate(files):
            kind = zoo.find(str(file)).graph.input_tensor.dtype
            old, note = None, "without --against there is nothing to compare with"
            if revision:
                commit = against.resolve(revision, file.resolve().parent)
                old = at_revision(file, commit, folder / str(k))
                note = f"against {revision} ({commit[:12]})"
            notes.append(note)
            for board in boards:
                case = Case(file.stem, kind, board, file=file.as_posix())
                try:
                    now = measure(file, case, images, progress)
                except TooSmall as error:
                    misfits.append(Misfit(case, error.what, fitted=True))
                    continue
                before, alone = None, f"not in {revision}" if revision else NO_REVISION
                if old:
                    try:
                        before = measure(old, case, images, progress)
                    except BadInput as error:
                        alone = f"in {revision} it does not run: {error.what}"
                rows.append(row(case, now, before or alone, f"against {revision}", limits))
                results.append((now.run, now.verdict))
    return Report(tuple(rows), (), tuple(dict.fromkeys(notes)), tuple(misfits)), results


def at_revision(file: Path, commit: str, folder: Path) -> Path | None:
    """The file as it was, in `folder`; None where it was not there yet. From `git archive`, which
    also asks git-lfs for the content."""
    place = file.resolve()
    try:
        against.git("cat-file", "-e", f"{commit}:./{place.name}", cwd=place.parent)
    except ToolFailed:
        return None
    folder.mkdir()
    archive = folder / "model.tar"
    against.git("archive", "--output", str(archive), commit, place.name, cwd=place.parent)
    unpack.tar(archive, folder)
    return folder / place.name


def measure(file: Path, case: Case, images: Path | None, progress: evaluate.Progress) -> Measured:
    """On one device, so that nothing depends on the machine."""
    request = evaluate.Request(str(file), case.board.name, images=images, jobs=1)
    run, verdict = evaluate.evaluate(request, evaluate.named(progress, case.names))
    cycles, missing = priced(run)
    found = figures.gather(run, zoo.find(str(file)).graph, cycles)
    return Measured(run, verdict, found, no_cycles(missing))


def row(case: Case, now: Measured, before: Measured | str, after: str, limits: Tolerances) -> Row:
    """`before`: or why there is none; `after`: what lines end with."""
    made = Row(case, now.verdict.reason, now.run.pictures.origin, now.figures, after)
    found = wrong(made)
    if found:
        return replace(made, findings=tuple(found))
    if isinstance(before, str):
        return replace(made, findings=(Finding("skipped", "", before),))
    old, new = before.figures, now.figures
    found = predictions(before, now) if old.model != new.model else []
    same = msgspec.structs.replace(old, model=new.model, outputs=new.outputs, top_1=new.top_1)
    limit = limits.of(case.model, case.board.name)
    found += growth.compare(same, new, limit, core=case.board.core, no_cycles=now.no_cycles)
    return replace(made, old=old, findings=tuple(found))


def predictions(before: Measured, now: Measured) -> list[Finding]:
    """Of a model that is another: worse only where it was right more often."""
    old, new = before.verdict.accuracy_device, now.verdict.accuracy_device
    n = len(now.run.pictures)
    if old is not None and new is not None and new < old:
        return [Finding("worse", "accuracy", f"{old:.2%} -> {new:.2%} of {n} pictures")]
    differ = int((before.run.outputs.argmax(axis=1) != now.run.outputs.argmax(axis=1)).sum())
    text = f"the model is another: top class of {differ} of {n} pictures changed"
    return [Finding("skipped", "", text)]
