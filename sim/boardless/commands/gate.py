"""`boardless gate`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from boardless import runtimes
from boardless.device.records import OURS
from boardless.front import against, own_models
from boardless.judge import baseline, gating, tolerances
from boardless.judge.records import Judgement
from boardless.path import GATE, Progress, cases
from boardless.report import gate as report
from boardless.report import junit, kept, record, runs, table
from boardless.report.collect import collect
from boardless.terminal import (
    command_line,
    emulator_option,
    fresh_option,
    json_option,
    junit_option,
    note,
    progress_bar,
    quiet,
    quiet_option,
    ratchet_option,
    reference_option,
    runtime_option,
    say,
    several_boards_option,
)


@click.command("gate")
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@several_boards_option("Default: all that `boardless sim` runs; may be given more than once.")
@click.option("--update", is_flag=True, help="Accept: write what runs now into the baselines.")
@click.option(
    "--against",
    "revision",
    metavar="REV",
    help="Compare with a git revision instead of with the baselines: both are built here, by the "
    "same tool chain, and run on the same inputs.",
)
@click.option(
    "--images",
    type=click.Path(path_type=Path, exists=True),
    metavar="PATH",
    help="For a .tflite of your own: as for `boardless run`.",
)
@emulator_option
@runtime_option
@reference_option
@fresh_option
@ratchet_option
@quiet_option
@json_option
@junit_option
def command(
    models: tuple[str, ...],
    board_names: tuple[str, ...],
    update: bool,
    revision: str | None,
    images: Path | None,
    emulator: str | None,
    reference: str,
    runtime: str,
    fresh: bool,
    ratchet: bool,
    json_file: str | None,
    junit_file: str | None,
) -> None:
    """Compare predictions, memory and counts with accepted ones.

    MODEL is a name of the zoo, or NAME:int8 or NAME:float32 for one type of it; without one: all.

    Accepted figures stand in models/zoo/<model>/baseline/<board>.toml. Made by the same tool chain,
    none may grow by more than models/gate.toml allows. Made by another, only what does not depend
    on it is compared. A case that was judged before and is not there any more fails, too. Exit
    status: 0 all well or not comparable, 1 something is wrong, changed, worse, gone or without a
    baseline, or better with --ratchet, 2 bad usage or input, 3 a tool is missing or failed.
    With --emulator nothing can be accepted, so that --ratchet has no effect.

    With --runtime NAME, accepted figures stand in baseline/<name>/<board>.toml; without MODEL, all
    of them are judged. They hold the version of the runtime. Figures of another version cannot be
    judged, which fails until they are accepted.

    MODEL may also be the path of a .tflite in a repository of your own. --against compares it with
    the same file at a revision of that repository, within the limits of a gate.toml in the current
    folder, and `boardless report` shows both.
    """
    if update and revision:
        raise click.UsageError("--update and --against are mutually exclusive")
    if runtime != OURS and (revision or any(m.endswith(".tflite") for m in models)):
        what = "revisions and files of your own are boardless's: they exclude --runtime"
        raise click.UsageError(what)
    if update and not baseline.has_place(runtime):
        what = "--runtime names a folder of this machine, whose figures cannot be accepted"
        raise click.UsageError(what)
    usual = runtimes.load(runtime).reference
    if reference != usual and (update or revision):
        what = f"baselines and revisions are of {usual}: they exclude --reference"
        raise click.UsageError(what)
    if emulator and (update or revision or any(m.endswith(".tflite") for m in models)):
        raise click.UsageError(
            "--emulator is for comparing with baselines: no --update, --against, or file"
        )
    files = [Path(model) for model in models if model.endswith(".tflite")]
    if files and (update or len(files) < len(models)):
        raise click.UsageError("a .tflite has no baseline: no --update, and no model of the zoo")
    if images and not files:
        raise click.UsageError("--images is for a .tflite: models of the zoo have inputs")
    said, stored = [], 0
    asked = [] if files else gating.cases(models, board_names, reference, runtime, emulator)
    count = len(files) * len(gating.boards_of(board_names)) or len(asked)
    with progress_bar(count) as progress:
        if files:
            judged = judge_own(files, board_names, images, revision, reference, progress)
        elif revision:
            limits = tolerances.load()
            narrowed = against.Narrowed(models, board_names)
            judged = against.against(revision, asked, narrowed, limits, progress, fresh=fresh)
        else:
            found = cases.outcomes(asked, (GATE,), progress, fresh=fresh)
            stored = sum(outcome.stored for outcome in found.outcomes)
            rows = [outcome.comparison for outcome in found.outcomes if outcome.comparison]
            limits = tolerances.load()
            # What a chosen emulator gives is not accepted: over a UART, for example, less stack.
            ratchet = ratchet and not update and not emulator
            judged = gating.judgement(
                rows, limits, models, found.misfits, found.failures, ratchet=ratchet
            )
    if update:
        said = gating.update(judged.rows, models, judged.misfits) or [_nothing(judged)]
        judged = gating.accepted(judged)
    if json_file:
        record.write(report.record(judged), json_file)
    if junit_file:
        record.write_text(junit.text("boardless gate", junit.of_gate(judged)), Path(junit_file))
    if json_file != "-":
        report.show(judged, only_wrong=quiet())
        counts = runs.tally(map(runs.compared, judged.rows), judged)
        table.note(runs.closing(counts, stored))
    for line in said:
        say(line)
    if judged.exit_status:
        sys.exit(judged.exit_status)


def _nothing(judged: Judgement) -> str:
    """Returns why `--update` has written nothing."""
    if not judged.rows:
        return "nothing is accepted: nothing was measured"
    if judged.failures:
        return "nothing to accept: what could be measured is as accepted"
    return "nothing to accept: all is as accepted"


def judge_own(
    files: Sequence[Path],
    board_names: Sequence[str],
    images: Path | None,
    revision: str | None,
    reference: str,
    progress: Progress,
) -> Judgement:
    """Judges the user's own models, and saves a report of the runs."""
    chosen = gating.boards_of(board_names)
    limits = tolerances.load(Path("gate.toml"))
    judged, outcomes = own_models.judge(
        files, chosen, images, revision, limits, progress, reference
    )
    pictures = ["--images", str(images)] if images else []
    repeats = [
        shlex.join(["boardless", "run", row.case.file, "--board", row.case.board.name, *pictures])
        for row in judged.rows
    ]
    here = Path.cwd()
    data = collect(outcomes, command_line(), judged, repeats=repeats, folder=here)
    note(f"report: {kept.keep(data)}")
    return judged
