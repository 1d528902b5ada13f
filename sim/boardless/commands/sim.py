"""`boardless sim`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from boardless.judge import gating, tolerances
from boardless.path import suite
from boardless.report import gate as gate_report
from boardless.report import junit, kept, page, record, table
from boardless.terminal import (
    boards_option,
    json_option,
    junit_option,
    labelled,
    limit_option,
    note,
    progress_bar,
    quiet_option,
    say,
)


@click.command("sim")
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@boards_option
@limit_option("The first N pictures of each data set. Default: 4 to 64, fewer of large ones.")
@quiet_option
@json_option
@junit_option
def command(
    models: tuple[str, ...],
    which: str,
    limit: int | None,
    json_file: str | None,
    junit_file: str | None,
) -> None:
    """Run and judge every model of the zoo on the default boards.

    This is what `nox -s sim` runs; with a MODEL only that one. Outputs are compared with the
    reference, and all figures with the accepted ones, as `boardless gate` does. --boards all skips
    boards whose tools are missing and lists them. A model that does not fit into a board is listed
    with the bytes that are missing; that is not a failure. Exit status: 0 all well, 1 an output is
    wrong or the gate fails.
    """
    left_out: list[str] = []
    chosen = suite.choose(which, left_out.append)
    for line in left_out:
        say(line)
    cases = gating.cases(models, [board.name for board in chosen])
    with progress_bar() as progress:
        outcomes = suite.run(cases, limit, lambda request: labelled(request, progress))
    results = [(o.run, o.verdict) for o in outcomes if o.run and o.verdict]
    rows = [o.gate for o in outcomes if o.gate]
    small = [o.misfit for o in outcomes if o.misfit]
    gates = [gate_report.row(row) for row in rows]
    gated = gating.report(rows, tolerances.load(), models, small)
    # The page first: what is kept of an earlier run must not be taken for this one's.
    kept_page = kept.keep(
        page.collect(
            results,
            gates,
            "boardless sim",
            others=gated.others(),
            notes=[*gated.skipped(), *left_out],
        )
    )
    if json_file:
        data = [record.run(*result) | {"gate": g} for result, g in zip(results, gates, strict=True)]
        data += [
            {"model": m.case.model, "board": m.case.board.name, "ok": None, "reason": m.what}
            for m in small
        ]
        record.write(data, json_file)
    if junit_file:
        cases_found = [*junit.of_runs(results), *junit.of_gate(gated)]
        record.write_text(junit.text("boardless sim", cases_found), Path(junit_file))
    if json_file != "-":
        table.runs(results, [gate_report.word(row) for row in rows])
    gate_report.lines(gated, stderr=json_file == "-")
    note(f"report: {kept_page}")
    if not (gated.ok and all(outcome.ok for outcome in outcomes)):
        sys.exit(1)
