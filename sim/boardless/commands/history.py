"""`boardless history`."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from boardless.core import paths
from boardless.core.errors import BadInput
from boardless.front import history as front
from boardless.judge import history as judge
from boardless.report import history as report
from boardless.report import kept, record, table
from boardless.report.page_records import Report
from boardless.terminal import json_option, note, quiet, quiet_option, several_boards_option


@click.command("history")
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@several_boards_option("Only of this board; may be given more than once.")
@click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path(report.FILE),
    show_default=True,
    metavar="FILE",
    help="One JSON object per commit, model and board.",
)
@click.option(
    "--add",
    is_flag=True,
    help="Add the figures of the last `boardless sim`, or `boardless gate` of a .tflite, to FILE.",
)
@click.option(
    "--percent",
    type=click.FloatRange(0),
    default=1.0,
    show_default=True,
    metavar="P",
    help="A figure has changed if it differs by more than P percent; an accuracy, by P points.",
)
@quiet_option
@json_option
def command(
    models: tuple[str, ...],
    board_names: tuple[str, ...],
    file: Path,
    add: bool,
    percent: float,
    json_file: str | None,
) -> None:
    """Show figures over commits, and where they changed.

    They are cycles, memory and accuracy.

    Figures are those that --add has put into FILE, and in a checkout of boardless those that the
    baselines accepted at each commit, which git knows. The page of the next `boardless sim` draws
    what is in history.jsonl of the current folder. Exit status: 0, or 2 where there is no history.
    """
    if add:
        found = kept.load(kept.data_file())
        if not isinstance(found, Report):
            raise BadInput("not a report of a run", where=str(kept.data_file()))
        new = judge.add(file, report.entries(found))
        note(f"{file}: {new} {'line' if new == 1 else 'lines'} added or changed")
        shown = [(case.model, case.board) for case in found.cases]
        kept.keep_history(found, file, front.accepted_of(shown))
    # In a repository of the user's own, the zoo's baselines are somebody else's.
    here = Path.cwd().is_relative_to(paths.ROOT)
    accepted = front.accepted(models, board_names) if here else []
    entries = [*accepted, *judge.read(file)]
    if models:
        entries = [e for e in entries if {e.model, e.model.partition(":")[0]} & {*models}]
    if board_names:
        entries = [e for e in entries if e.board in board_names]
    if not entries:
        raise BadInput("there is no history", where=str(file), hint="boardless history --add")
    cases = judge.in_order(entries, front.order(Path.cwd()))
    steps = [step for found in cases.values() for step in judge.steps(found, percent)]
    if json_file:
        record.write(msgspec.to_builtins(report.record(cases, steps)), json_file)
    if json_file != "-":
        if not quiet():
            report.show(cases, steps)
        commits = len({entry.commit for entry in entries})
        worse = sum(step.worse for step in steps)
        table.note(
            f"{len(cases)} cases at {commits} commits: {len(steps)} changes, {worse} for the worse"
        )
