"""`boardless bisect`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from boardless.core import scratch
from boardless.device import boards
from boardless.front import bisect as front
from boardless.judge import gating, tolerances
from boardless.judge.records import Case
from boardless.model import zoo
from boardless.report import record, table
from boardless.terminal import (
    board_option,
    fresh_option,
    images_option,
    json_option,
    note,
    progress_bar,
    quiet,
    quiet_option,
)


@click.command("bisect")
@click.argument("model", metavar="MODEL")
@click.option("--good", required=True, metavar="A", help="A commit in which all is well.")
@click.option("--bad", default="HEAD", show_default=True, metavar="B", help="A later one.")
@board_option
@images_option
@fresh_option
@quiet_option
@json_option
def command(
    model: str,
    good: str,
    bad: str,
    board: str,
    images: Path | None,
    fresh: bool,
    json_file: str | None,
) -> None:
    """Find the commit that made MODEL worse, and the layer.

    Commits between A and B are measured as `boardless gate` measures them, half of those that are
    left at each step, and compared with A within the limits of gate.toml. A model of the zoo is run
    by each commit's own sources. Of a .tflite of your own, the files that your repository had are
    compiled by this boardless. The working tree is left alone. Exit status: 0 one commit was found,
    2 bad usage or input, such as a B that is not worse than A, 3 commits that cannot be measured
    are in the way, or a tool is missing or failed.
    """
    own = model.endswith(".tflite")
    if images and not own:
        raise click.UsageError("--images is for a .tflite: models of the zoo have inputs")
    with scratch.folder("bisect") as folder, progress_bar() as progress:
        what: front.Measured
        if own:
            file = Path(model)
            kind = zoo.find(model).graph.input_tensor.dtype
            case = Case(file.stem, kind, boards.load(board), file=file.as_posix())
            limits = tolerances.load(Path("gate.toml"))
            what = front.OwnModel(file, case, images, limits, progress, folder)
        else:
            case = gating.case(model, boards.load(board))
            what = front.Zoo(case, tolerances.load(), progress, folder, fresh)
        found = front.bisect(what, good, bad, note)
        first = [front.about(commit, what.repository) for commit in found.first]
    data = record_of(found, first)
    if json_file:
        record.write(data, json_file)
    if json_file != "-":
        _show(found, first, case)
    if len(first) > 1:
        sys.exit(3)


def record_of(found: front.Found, first: list[dict[str, str]]) -> dict[str, Any]:
    """Returns the JSON; `first` are the commits that may be the first bad one."""
    return {
        "first_bad": first[0] if len(first) == 1 else None,
        "candidates": first,
        "findings": list(found.lines),
        "steps": [
            {"commit": tried.commit, "state": tried.state, "lines": list(tried.lines)}
            for tried in found.tried
        ],
    }


def _show(found: front.Found, first: list[dict[str, str]], case: Case) -> None:
    if not quiet():
        headings = (table.words("commit"), table.words("state"), table.sentences("worse"))
        cells = [(t.commit[:12], t.state, "; ".join(t.lines[:2])) for t in found.tried]
        table.show("", headings, cells)
    if len(first) > 1:
        table.line("one of these, which could not all be measured:")
    for commit in first:
        about = f"{commit['date'][:10]}, {commit['author']}: {commit['subject']}"
        table.line(f"first bad commit: {commit['commit'][:12]}, {about}")
    for line in found.lines:
        table.line(f"{case.names} {line}")
