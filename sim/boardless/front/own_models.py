"""Models of a user's own repository, compared with what they were at a revision of it.

    judgement, outcomes = judge(files, boards, Path("pictures"), "origin/main", limits, progress)

Both are compiled by this boardless and run on the same pictures, so what differs is the model. A
model that was trained again may predict otherwise: it must not predict worse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from boardless.core import scratch, unpack
from boardless.core.errors import BadInput, BoardlessError, ToolFailed, TooSmall
from boardless.device.records import Board
from boardless.front import revisions
from boardless.judge import figures, growth
from boardless.judge.gating import no_cycles, priced, wrong
from boardless.judge.growth import Finding
from boardless.judge.records import Case, Comparison, Failure, Judgement, Misfit, Outcome
from boardless.judge.tolerances import Tolerances
from boardless.model import profiles, zoo
from boardless.path import Progress, Request, follow, named
from boardless.report.measures import FEW, accuracy_text

NO_REVISION = "not compared with a revision"


def judge(
    files: Sequence[Path],
    boards: Sequence[Board],
    images: Path | None,
    revision: str | None,
    limits: Tolerances,
    progress: Progress,
    reference: str = profiles.DEFAULT,
) -> tuple[Judgement, list[Outcome]]:
    """Returns the judgement, and the outcome that each of its rows is about. Without a revision
    outputs are only compared with the reference."""
    outcomes, misfits, failures, notes = [], [], [], []
    lost: list[str] = []
    with scratch.folder("revision") as folder:
        for k, file in enumerate(files):
            kind = zoo.find(str(file)).graph.input_tensor.dtype
            old, note = None, "without --against there is nothing to compare with"
            if revision:
                commit = revisions.resolve(revision, file.resolve().parent)
                lost += gone(file, commit, revision, limits)
                old = at_revision(file, commit, folder / str(k))
                note = f"against {revision} ({commit[:12]})"
            notes.append(note)
            for board in boards:
                case = Case(file.stem, kind, board, file=file.as_posix(), reference=reference)
                try:
                    now = measure(file, case, images, progress)
                except TooSmall as error:
                    misfits.append(Misfit(case, error.what, fitted=True))
                    continue
                except BoardlessError as error:
                    failures.append(Failure(case, error))
                    continue
                before, alone = None, f"not in {revision}" if revision else NO_REVISION
                if old:
                    try:
                        before = measure(old, case, images, progress)
                    except BadInput as error:
                        alone = f"in {revision} it does not run: {error.what}"
                found = compare(case, now, before or alone, f"against {revision}", limits)
                outcomes.append(replace(now, comparison=found))
    rows = tuple(outcome.comparison for outcome in outcomes if outcome.comparison)
    said = tuple(dict.fromkeys(lost)), tuple(dict.fromkeys(notes))
    return Judgement(rows, *said, tuple(misfits), tuple(failures)), outcomes


def gone(file: Path, commit: str, revision: str, limits: Tolerances) -> list[str]:
    """Returns a line for each .tflite that the file's repository had at a commit and has not now,
    such as the one that was renamed to it: it is not judged any more."""
    here = file.resolve().parent
    root = Path(revisions.git("rev-parse", "--show-toplevel", cwd=here))
    names = revisions.git("ls-tree", "-r", "-z", "--name-only", commit, cwd=root).split("\0")
    return [
        f"{name}: in {revision}, and not here any more; accept: "
        f'[[gone]] with model = "{name}" in gate.toml'
        for name in names
        if name.endswith(".tflite") and not (root / name).exists() and not limits.lets_go(name)
    ]


def at_revision(file: Path, commit: str, folder: Path) -> Path | None:
    """The file as it was, in `folder`; None where it was not there yet. From `git archive`, which
    also asks git-lfs for the content."""
    place = file.resolve()
    try:
        revisions.git("cat-file", "-e", f"{commit}:./{place.name}", cwd=place.parent)
    except ToolFailed:
        return None
    folder.mkdir()
    archive = folder / "model.tar"
    revisions.git("archive", "--output", str(archive), commit, place.name, cwd=place.parent)
    unpack.tar(archive, folder)
    return folder / place.name


def measure(file: Path, case: Case, images: Path | None, progress: Progress) -> Outcome:
    """Measures one file on one device, so that nothing depends on the machine."""
    name = case.board.name
    request = Request(str(file), name, images=images, jobs=1, reference=case.reference)
    return follow(request, named(progress, case.names))


def compare(
    case: Case, now: Outcome, before: Outcome | str, after: str, limits: Tolerances
) -> Comparison:
    """Compares with `before`, which may say why there is nothing; `after` ends each line."""
    cycles, missing = priced(now.run)
    new = figures.gather(now.run, cycles)
    made = Comparison(
        case,
        now.verdict.reason,
        now.run.pictures.origin,
        new,
        after,
        accuracy=now.verdict.accuracy_device,
    )
    found = wrong(made)
    if found:
        return replace(made, findings=tuple(found))
    if isinstance(before, str):
        return replace(made, findings=(Finding("skipped", "", before),))
    old = figures.gather(before.run, priced(before.run)[0])
    found = predictions(before, now) if old.model != new.model else []
    same = msgspec.structs.replace(old, model=new.model, outputs=new.outputs, top_1=new.top_1)
    limit = limits.of(case.model, case.board.name)
    core = case.board.core
    found += growth.compare(same, new, limit, core=core, no_cycles=no_cycles(missing))
    old_accuracy = before.verdict.accuracy_device
    return replace(made, old=old, old_accuracy=old_accuracy, findings=tuple(found))


def predictions(before: Outcome, now: Outcome) -> list[Finding]:
    """Returns what is to say of a model that changed: it is worse only if it was right more
    often."""
    old, new = before.verdict.accuracy_device, now.verdict.accuracy_device
    n = len(now.run.pictures)
    if old is not None and new is not None and new < old:
        was, is_now = (accuracy_text(round(part * n), n) for part in (old, new))
        many = f", {n} pictures" if n >= FEW else ""
        return [Finding("worse", "accuracy", f"{was} -> {is_now}{many}")]
    differ = int((before.run.outputs.argmax(axis=1) != now.run.outputs.argmax(axis=1)).sum())
    text = f"the model is another: top class of {differ} of {n} pictures changed"
    return [Finding("skipped", "", text)]
