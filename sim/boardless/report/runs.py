"""The output of `boardless run` and `sim`: a table, remarks, and how many cases are well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from boardless.device.records import OURS, Build, Disagreement, Run
from boardless.judge import suspicions
from boardless.judge.records import Comparison, Judgement, Outcome
from boardless.report import column, estimates, metrics, record, table
from boardless.report.columns import COLUMNS, values

FEW_ORIGINS = 2  # of pictures, which a terminal shows whole


def show(outcomes: Sequence[Outcome], *, only_wrong: bool = False) -> None:
    """Shows a row for each outcome and what is to say about them; or only what is not well."""
    chosen = [o for o in outcomes if not only_wrong or state(o) in ("worse", "wrong")]
    if chosen:
        column.show(COLUMNS, [values(outcome) for outcome in chosen])
    if not only_wrong:
        _remarks(outcomes)
        for outcome in outcomes:
            metrics.show(outcome, names(outcome))
    for text in dict.fromkeys(text for o in outcomes for text in warnings(o)):
        table.note(f"warning: {text}")
    for outcome in outcomes:
        for text in reasons(outcome):
            table.line(text)


def reasons(outcome: Outcome) -> list[str]:
    """Returns why an outcome is not well, a line each."""
    verdict = [] if outcome.verdict.ok else [outcome.verdict.reason]
    budgets = [budget.sentence for budget in outcome.budgets if budget.exceeded]
    return [f"{names(outcome)}: {text}" for text in (*verdict, *budgets)]


def _remarks(outcomes: Sequence[Outcome]) -> None:
    runs = [outcome.run for outcome in outcomes]
    _origins(dict.fromkeys(run.pictures.origin for run in runs))
    for text in dict.fromkeys(text for run in runs for text in run.pictures.mapping):
        table.note(text)
    other_runtimes(run.build for run in runs)
    for text in dict.fromkeys(f"reference: {run.answered_by}" for run in runs):
        table.note(text)
    for outcome in outcomes:
        for found in outcome.run.disagreements:
            table.note(f"{names(outcome)}: {disagreement(outcome.run, found)}")
    errors = [f"est. cycles: {cycles.basis}" for run in runs for cycles in run.cycles[:1]]
    errors += [f"est. ms: {time.note}" for time in map(estimates.time, runs) if time]
    errors += [estimates.power(cycles) for cycles in map(estimates.powered, runs) if cycles]
    for text in dict.fromkeys([*errors, *(note for run in runs for note in run.notes)]):
        table.note(text)
    for outcome in outcomes:
        if measured := record.told_by_device(outcome.run):
            table.line(f"{names(outcome)}: {measured}")


def other_runtimes(builds: Iterable[Build]) -> None:
    """Names the runtimes that are not our own compiler as it is by default."""
    others = [build for build in builds if build.runtime not in ("", OURS)]
    for text in dict.fromkeys(f"runtime: {b.runtime} {b.runtime_version}" for b in others):
        table.note(text.rstrip())


def disagreement(run: Run, found: Disagreement) -> str:
    """Returns what another reference gives, in a sentence."""
    return (
        f"{found.by} gives other outputs for {found.pictures} of {len(run.pictures)} pictures, "
        f"{found.values:,} of {run.reference.size:,} values, by up to {found.largest:g}; "
        f"--reference {found.profile} follows it"
    )


def _origins(origins: Collection[str]) -> None:
    """Says which pictures were run; on a terminal in a line or two, however many sets there are."""
    if len(origins) > FEW_ORIGINS and table.console().is_terminal:
        sets = ", ".join(origin.partition(":")[0] for origin in origins)
        table.note(f"pictures: {sets}; the report and --json say where they are from")
        return
    for origin in origins:
        table.note(f"pictures: {origin}")


def warnings(outcome: Outcome) -> tuple[str, ...]:
    """Returns why a user's pictures and the model may not belong together, with what to try."""
    fed = outcome.run.pictures
    return *fed.doubts, *suspicions.find(fed, outcome.run.reference)


def names(outcome: Outcome) -> str:
    """Returns how a line about an outcome begins."""
    return f"{outcome.run.build.model} {outcome.run.build.board.name}"


STATES = ("ok", "worse", "wrong", "skipped")  # and "failed", which is named only where it happens


def state(outcome: Outcome) -> str:
    """Returns which of STATES an outcome is."""
    if not outcome.verdict.ok:
        return "wrong"
    return compared(outcome.comparison) if outcome.ok else "worse"


def compared(comparison: Comparison | None) -> str:
    """Returns which of STATES a comparison is; "ok" where nothing was to compare."""
    if comparison is None or comparison.ok:
        return "ok"
    return "wrong" if comparison.word == "WRONG" else "worse"


def tally(states: Iterable[str], judgement: Judgement | None = None) -> dict[str, int]:
    """Returns how many cases are in each state; `judgement` has those that did not run."""
    counts = Counter(states)
    if judgement:
        for misfit in judgement.misfits:
            counts["worse" if misfit.fitted else "skipped"] += 1
        if judgement.failures:
            counts["failed"] = len(judgement.failures)
    return dict.fromkeys(STATES, 0) | counts


def closing(counts: dict[str, int], stored: int = 0) -> str:
    """Returns the last line of a report. `stored` cases were not measured again."""
    cases = sum(counts.values())
    states = ", ".join(f"{n} {name}" for name, n in counts.items())
    line = f"{cases} {'case' if cases == 1 else 'cases'}: {states}"
    return f"{line}; {stored} unchanged, not measured again (--fresh does)" if stored else line
