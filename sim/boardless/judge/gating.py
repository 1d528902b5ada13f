"""Compares the figures of models on boards with their baselines.

comparison = compare(case, run, verdict, tolerances)
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace

from boardless import runtimes
from boardless.core import paths
from boardless.core.errors import BadInput, TooSmall
from boardless.device import boards
from boardless.device.records import OURS, Board, Run
from boardless.judge import baseline, figures, growth, judged, records, toolchain
from boardless.judge.baseline import Baseline
from boardless.judge.figures import Spent
from boardless.judge.growth import Finding
from boardless.judge.predictions import Verdict
from boardless.judge.records import Case, Comparison, Failure, Judgement, Misfit
from boardless.judge.tolerances import Tolerances
from boardless.model import profiles, zoo

NOT_JUDGED = "cycles are not judged"
NOT_COMPARABLE = "not comparable"


def misfit(case: Case, error: TooSmall) -> Misfit:
    if not case.has_baselines:  # other kernels, of other sizes
        return Misfit(case, error.what, fitted=False)
    accepted = baseline.read(case.name, case.place)
    known = accepted and case.kind in accepted.types
    return Misfit(case, error.what, bool(known or entry(case) in judged.cases()))


def entry(case: Case) -> judged.Entry:
    """Returns what models/judged.toml holds of a case."""
    return case.name, case.kind, case.place


def cases(
    models: Iterable[str],
    board_names: Iterable[str],
    reference: str = profiles.DEFAULT,
    runtime: str = OURS,
    emulator: str | None = None,
) -> list[Case]:
    """Returns the cases of each MODEL (all types of it) or MODEL:TYPE. If none is named, these are
    all models. If no board is named, these are the default boards, and all on which a case was
    judged before: a board that is no default one any more loses no case. Of another runtime than
    our own these are, if no model is named, the cases that were judged before."""
    chosen = boards_of(board_names)
    known = judged.of_runtime(runtime)
    wanted: dict[tuple[str, str], None] = {}
    for text in tuple(models) or tuple(zoo.names()):
        name, _, kind = text.partition(":")
        if name not in zoo.names():
            if name in {model for model, _, _ in known}:
                continue  # it is gone, which judgement() says
            raise BadInput(
                f"{text!r} is no model of the zoo: only these have baselines",
                hint=f"one of {', '.join(zoo.names())}, with :int8 or :float32 for one type",
            )
        if kind and kind not in zoo.types(name):
            raise BadInput(
                f"{name} has no type {kind!r}", hint=f"it has {' and '.join(zoo.types(name))}"
            )
        wanted |= dict.fromkeys((name, k) for k in ([kind] if kind else zoo.types(name)))
    found = [Case(name, kind, board) for board in chosen for name, kind in wanted]
    if not tuple(board_names):
        others = sorted({board for _, _, board in known} & {*boards.names()})
        others = [name for name in others if name not in {board.name for board in chosen}]
        for board in map(boards.load, others):
            found += [Case(n, k, board) for n, k in wanted if (n, k, board.name) in known]
    if runtime != OURS and not tuple(models):
        found = [c for c in found if (c.name, c.kind, c.board.name) in known]
        if not found:
            raise BadInput(
                f"no figures of {runtime} were accepted",
                hint=f"boardless gate --update --runtime {runtime} MODEL, or name a model",
            )
    return [
        replace(each, reference=reference, runtime=runtime, emulator=emulator) for each in found
    ]


def boards_of(names: Iterable[str]) -> list[Board]:
    """The default boards where none is named."""
    chosen = [boards.load(name) for name in dict.fromkeys(names)]
    return chosen or [board for board in map(boards.load, boards.names()) if board.default]


def case(model: str, board: Board, reference: str = profiles.DEFAULT, runtime: str = OURS) -> Case:
    """Returns the case of NAME:TYPE on a board."""
    name, _, kind = model.partition(":")
    return Case(name, kind or zoo.TYPES[0], board, reference=reference, runtime=runtime)


def compare(case: Case, run: Run, verdict: Verdict, tolerances: Tolerances) -> Comparison:
    """Compares a case's run on the gate's inputs with its baseline."""
    inputs = run.pictures.origin
    accepted = baseline.read(case.name, case.place)
    now = toolchain.identity(case.board)
    cycles, missing = priced(run)
    new = figures.gather(run, cycles)
    old = accepted.types.get(case.kind) if accepted else None
    after = f"accept: {baseline.accept(case.name, case.place)}"
    version = "" if case.runtime == OURS else run.build.runtime_version
    row = Comparison(case, verdict.reason, inputs, new, after, old, now, version)
    inexact = case.has_baselines and not runtimes.load(case.runtime).exact
    found = wrong(row, differs=not inexact)
    if found:
        return replace(row, findings=tuple(found))
    unknown = [Finding("skipped", "", missing)] if missing else []
    if not case.has_baselines:
        whose = runtimes.load(case.runtime).reference
        text = f"baselines are of {whose}; only outputs are compared, with those of "
        text += run.held_against
        return replace(row, old=None, findings=(Finding("skipped", "", text), *unknown))
    if inexact and old is None and row.reason:
        text = f"{records.NO_BASELINE}, and {row.reason}"
        return replace(row, findings=(Finding("new", "predictions", text),))
    if accepted is None or old is None:
        text = records.NO_BASELINE
        # Another runtime, a board of the user's own, or one that `nox -s sim` leaves out, need not
        # have any.
        ours = case.board.default and case.board.folder.is_relative_to(paths.BOARDS)
        ours = (ours and case.runtime == OURS) or entry(case) in judged.cases()
        if case.runtime != OURS and not ours:
            text += f"; only outputs are compared, with those of {run.held_against}; {after}"
        return replace(row, findings=(Finding("new" if ours else "skipped", "", text), *unknown))
    if accepted.runtime != version:
        text = f"cannot be judged: version changed, {version!r}, the baseline has "
        finding = Finding("changed", "runtime", text + repr(accepted.runtime))
        return replace(row, findings=(finding,))
    built_otherwise = toolchain.difference(accepted.toolchain, now)
    same_inputs = accepted.inputs == inputs
    found = growth.compare(
        old,
        new,
        tolerances.of(case.model, case.board.name),
        core=case.board.core,
        exact_outputs=not built_otherwise or case.kind == "int8",
        same_inputs=same_inputs,
        same_compiler=not built_otherwise,
        no_cycles=no_cycles(missing),
    )
    if built_otherwise:
        compared = "predictions, arena, weights and the board's limits are"
        text = f"{NOT_COMPARABLE}: {built_otherwise}; {compared}; `boardless gate --against REV`"
        found.append(Finding("skipped", "", f"{text} compares all"))
    elif accepted.toolchain != now:
        found += [Finding("skipped", "", toolchain.change(accepted.toolchain, now))]
    if not same_inputs:
        # They come from the repository, so this is a change like any other.
        text = f"changed: {inputs}, the baseline's are {accepted.inputs}"
        text += "; predictions and counts are not compared"
        found.append(Finding("changed", "inputs", text))
    comparable = same_inputs and not built_otherwise
    row = replace(row, comparable=comparable, same_inputs=same_inputs)
    return replace(row, findings=tuple(found))


def priced(run: Run) -> tuple[dict[str, Spent], str]:
    """(cycles per core of the first input, why there are none)"""
    names = {x.index: figures.label({"op": x.op, "index": x.index}) for x in run.build.layers}
    found = {
        c.target.name: Spent(
            whole=round(c.inferences[0]),
            layers={name: round(c.regions.get(k, 0.0)) for k, name in names.items()},
            worst=round(max(c.inferences)),
            table=c.table,
        )
        for c in run.cycles
        if c.target.part is None  # whose cycles follow from those of the core
    }
    return found, "" if found else "; ".join(run.notes)


def no_cycles(missing: str) -> str:
    """Returns the sentence with which the gate reports missing cycles."""
    return f"{NOT_JUDGED}: {missing}" if missing else ""


def wrong(row: Comparison, *, differs: bool = True) -> list[Finding]:
    """Returns the findings that make every other figure pointless: wrong outputs. Unless `differs`,
    outputs may differ from the reference: a runtime that rounds as none does has to give those that
    were accepted."""
    if row.reason and differs:
        return [Finding("wrong", "predictions", row.reason)]
    memory = row.case.board.memory
    return growth.beyond_board(row.new.memory, memory.flash_bytes, memory.ram_bytes)


def judgement(
    rows: Sequence[Comparison],
    tolerances: Tolerances,
    models: Sequence[str] = (),
    misfits: Sequence[Misfit] = (),
    failures: Sequence[Failure] = (),
    *,
    ratchet: bool = False,
) -> Judgement:
    """Returns the rows with what else there is to say; `models` as on the command line. With
    `ratchet` what is better fails, too, and so does what was accepted and is not judged here."""
    if ratchet:
        rows = [keep_judged(row).ratchet() for row in rows]
    lines = unused(models)
    refused = [failure for failure in failures if _only_a_type(failure, rows, models)]
    notes = [*(failure.line for failure in refused), *tolerances.idle()]
    failures = [failure for failure in failures if failure not in refused]
    return Judgement(tuple(rows), tuple(lines), tuple(notes), tuple(misfits), tuple(failures))


def _only_a_type(failure: Failure, rows: Iterable[Comparison], models: Container[str]) -> bool:
    """Returns whether another runtime refuses a type of a model of which it takes another one, and
    neither is the former named nor was it judged before."""
    case = failure.case
    asked = case.runtime == OURS or case.model in models or entry(case) in judged.cases()
    taken = {(row.case.name, row.case.board.name) for row in rows}
    refused = isinstance(failure.error, BadInput) and (case.name, case.board.name) in taken
    return refused and not asked


def keep_judged(row: Comparison) -> Comparison:
    """Returns the row with a failure where figures were accepted that this machine cannot judge:
    it has not the compiler that made them, or cannot count cycles."""
    if row.old is None:
        return row
    lost = [NOT_COMPARABLE]
    lost += [NOT_JUDGED] if row.comparable and row.old.cycles and not row.new.cycles else []
    found = [
        replace(f, kind="missing") if f.kind == "skipped" and f.text.startswith(tuple(lost)) else f
        for f in row.findings
    ]
    return replace(row, findings=tuple(found))


def unused(models: Sequence[str]) -> list[str]:
    """Lines on baselines, or types in them, that belong to nothing."""
    names = tuple(dict.fromkeys(text.partition(":")[0] for text in models))
    lines = []
    for file, why in baseline.unused(names).items():
        model = file.parent.parent.name
        how = "boardless gate --update" + (f" {model}" if model in zoo.names() else "")
        lines.append(f"{baseline.shown(file)}: unused baseline, {why}; accept: {how}")
    return lines + judged.gone(names)


def update(
    rows: Sequence[Comparison], models: Sequence[str], misfits: Sequence[Misfit] = ()
) -> list[str]:
    """Writes what ran and was right, deletes what belongs to nothing; says what it did."""
    said = []
    small = {entry(misfit.case) for misfit in misfits}
    groups: dict[tuple[str, str], list[Comparison]] = {}
    for row in rows:
        groups.setdefault((row.case.name, row.case.place), []).append(row)
    for (name, place), group in groups.items():
        if any(f.kind == "wrong" for row in group for f in row.findings):
            said.append(f"{name} {place}: not accepted, see above")
            continue
        file = baseline.write(name, place, merged(name, place, group, small))
        if file:
            said.append(f"accepted: {baseline.shown(file)}")
    names = tuple(dict.fromkeys(text.partition(":")[0] for text in models))
    lost = [(m.case.name, m.case.place) for m in misfits if m.fitted]
    gone = [baseline.path(*each) for each in lost if each not in groups]
    for file in dict.fromkeys([*baseline.unused(names), *(f for f in gone if f.is_file())]):
        baseline.remove(file)
        said.append(f"deleted: {baseline.shown(file)}")
    if judged.update(names):
        said.append("accepted: which cases are judged, in models/judged.toml")
    return said


def accepted(judgement: Judgement) -> Judgement:
    """Returns the judgement after `update`."""
    rows = [row.accept() for row in judgement.rows]
    misfits = [replace(misfit, fitted=False) for misfit in judgement.misfits]
    return replace(judgement, rows=tuple(rows), unused=(), misfits=tuple(misfits))


def merged(
    name: str, place: str, rows: Sequence[Comparison], small: Container[judged.Entry] = ()
) -> Baseline:
    """The new baseline: types that did not run keep their figures, if these still compare and the
    type is not among the `small`, which do not fit."""
    first = rows[0]
    assert first.toolchain
    accepted = baseline.read(name, place)
    types = {row.case.kind: row.new for row in rows}
    kept = {
        kind: old
        for kind, old in (accepted.types if accepted else {}).items()
        if kind not in types and kind in zoo.types(name) and (name, kind, place) not in small
    }
    if accepted and kept:
        made_of = (first.inputs, first.toolchain, first.version)
        if (accepted.inputs, accepted.toolchain, accepted.runtime) != made_of:
            what = f"tool chain, {'runtime ' if first.version else ''}or inputs"
            raise BadInput(
                f"{what} changed, so {' and '.join(kept)} must be accepted, too",
                where=baseline.shown(baseline.path(name, place)),
                hint=baseline.accept(name, place),
            )
    return Baseline(first.inputs, first.toolchain, first.version, **(types | kept))
