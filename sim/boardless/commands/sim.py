"""`boardless sim`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from boardless.front import history
from boardless.judge import gating, tolerances
from boardless.judge.records import Case
from boardless.path import GATE, PICTURES, cases
from boardless.report import gate as gate_report
from boardless.report import junit, kept, record, runs, table
from boardless.report.collect import collect
from boardless.terminal import (
    boards_option,
    command_line,
    fresh_option,
    json_option,
    junit_option,
    limit_option,
    note,
    progress_bar,
    quiet,
    quiet_option,
    ratchet_option,
    reference_option,
    say,
)


@click.command("sim")
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@boards_option
@reference_option
@limit_option("The first N pictures of each data set. Default: 4 to 64, fewer of large ones.")
@fresh_option
@ratchet_option
@quiet_option
@json_option
@junit_option
def command(
    models: tuple[str, ...],
    which: str,
    reference: str,
    limit: int | None,
    fresh: bool,
    ratchet: bool,
    json_file: str | None,
    junit_file: str | None,
) -> None:
    """Run and judge every model of the zoo on the default boards.

    This is what `nox -s sim` runs; with a MODEL only that one. Outputs are compared with the
    reference, and all figures with the accepted ones, as `boardless gate` does. --boards all skips
    boards whose tools are missing and lists them. A model that does not fit into a board is listed
    with the bytes that are missing; that is not a failure. Exit status: 0 all well, 1 an output is
    wrong or the gate fails, 2 or 3 a case could not be measured; the others are shown.
    """
    left_out: list[str] = []
    chosen = cases.choose(which, left_out.append)
    for line in left_out:
        say(line)
    names = [board.name for board in chosen if which != "default"]
    asked = gating.cases(models, names, reference)
    with progress_bar(len(asked)) as progress:
        found = cases.outcomes(asked, (GATE, PICTURES), progress, limit, fresh=fresh)
    compared = [outcome.comparison for outcome in found.outcomes if outcome.comparison]
    limits = tolerances.load()
    judged = gating.judgement(
        compared, limits, models, found.misfits, found.failures, ratchet=ratchet
    )
    # The page first: what is saved of an earlier run must not be taken for this one's.
    data = collect(found.outcomes, command_line(), judged, notes=left_out)
    accepted = history.accepted_of((case.model, case.board) for case in data.cases)
    page_file = kept.keep(data, accepted)
    if json_file:
        rows = [record.run(outcome) for outcome in found.outcomes]
        rows += [_without_run(m.case, None, m.what) for m in found.misfits]
        rows += [_without_run(f.case, False, str(f.error)) for f in found.failures]
        record.write(rows, json_file)
    if junit_file:
        checks = [*junit.of_runs(found.outcomes), *junit.of_gate(judged)]
        record.write_text(junit.text("boardless sim", checks), Path(junit_file))
    on_stderr = json_file == "-"
    if not on_stderr:
        runs.show(found.outcomes, only_wrong=quiet())
    gate_report.lines(judged, stderr=on_stderr, only_wrong=quiet())
    note(f"report: {page_file}")
    states = map(runs.state, found.outcomes)
    stored = sum(outcome.stored for outcome in found.outcomes)
    table.note(runs.closing(runs.tally(states, judged), stored), stderr=on_stderr)
    status = judged.exit_status
    if not all(outcome.verdict.ok for outcome in found.outcomes):
        status = max(status, 1)
    if status:
        sys.exit(status)


def _without_run(case: Case, ok: bool | None, reason: str) -> dict[str, Any]:
    """Returns the JSON of a case that did not run; `ok` is None where it does not fit."""
    return {"model": case.model, "board": case.board.name, "ok": ok, "reason": reason}
