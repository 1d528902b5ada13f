"""`boardless calibrate`: the model's error against cycles measured on boards.

The programs come from a checkout that the user has, and are built with the user's compiler. Their
counts are priced as everything else is; what is measured stands in facts/.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from boardless.cycles import calibration, cores, parts, price
from boardless.cycles.calibration import digest as digests
from boardless.cycles.calibration import facts, programs
from boardless.cycles.calibration.facts import Program, Suite
from boardless.errors import BoardlessError, ToolMissing
from boardless.report import record, table
from boardless.terminal import json_option


@click.command("calibrate")
@click.argument("suite_name", metavar="SUITE")
@click.argument("checkout", metavar="PATH", type=click.Path(path_type=Path))
@click.option("--core", help="Price as this core instead of the suite's; nothing is written then.")
@click.option("--part", help="Price as this part instead of the suite's; nothing is written then.")
@json_option
def command(
    suite_name: str, checkout: Path, core: str | None, part: str | None, json_file: str | None
) -> None:
    """Compare estimated cycles with those that were measured on a board.

    SUITE is a set of programs with published cycles (an unknown name lists them all) or a facts
    file of your own, PATH your checkout of their sources. The result is kept, and reports show it
    beside each estimate.
    """
    suite = facts.load(suite_name)
    programs.check(suite, checkout)
    core, part = core or suite.core, part or suite.part
    version = programs.compiler()
    reasons = not_comparable(suite, core, part, version)
    for reason in reasons:
        click.echo(f"boardless: warning: {reason}", err=True)
    rows, failures = measure(suite, checkout.absolute(), core, part)
    for program, error in failures:
        line = " ".join(str(error).split())
        click.echo(f"boardless: {program.name}: {line}", err=True)
    written = None
    if rows and not failures and not reasons:
        found = calibration.load(core, part)
        now = digests.digest(core, part)
        written = calibration.save(found, suite.name, now, version, rows)
    if json_file:
        record.write(as_json(suite, core, part, version, rows, reasons), json_file)
    if json_file != "-" and rows:
        show(suite, core, part, rows)
        if written:
            click.echo(f"kept in {written}", err=True)
    if failures:
        sys.exit(max(error.exit_status for _, error in failures))


def not_comparable(suite: Suite, core: str, part: str | None, version: str) -> list[str]:
    """Why the result says nothing about the model's error, each in one line."""
    reasons = []
    major = int(version.split(".")[0])
    if suite.build and suite.compiler_major not in (None, major):
        reasons.append(
            f"comparable only with GCC {suite.compiler_major}, this is {programs.GCC} {version}: "
            "other code than was measured, so nothing is kept"
        )
    if suite.name not in facts.names():
        reasons.append(f"{suite.name} is not one of the suites of boardless: nothing is kept")
    if (core, part) != (suite.core, suite.part):
        reasons.append(
            f"{suite.name} was measured on {label(suite.core, suite.part)}, this prices "
            f"{label(core, part)}: nothing is kept"
        )
    return reasons


def measure(
    suite: Suite, checkout: Path, core_name: str, part_name: str | None
) -> tuple[list[calibration.Row], list[tuple[Program, BoardlessError]]]:
    """(rows, programs that could not be built or run, with the reason)."""
    core = cores.load(core_name)
    part = parts.load(part_name).at(suite.clock_hz) if part_name else None
    caches = part.simulated(*suite.emulated.code) if part else ()
    rows: list[calibration.Row] = []
    failures: list[tuple[Program, BoardlessError]] = []
    console = table.console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bars = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    with tempfile.TemporaryDirectory(prefix="boardless-calibrate-") as folder, bars:
        builder = programs.Builder(suite, checkout, Path(folder))
        task = bars.add_task(suite.name, total=len(suite.programs))
        for program in suite.programs:
            bars.update(task, description=f"{suite.name} {program.name}")
            try:
                code, tally = programs.run(suite, builder.build(program), caches)
                weights = price.weights(core, part, code, tally)
                cycles = float(np.sum(price.cycles(weights, tally)))
                rows.append(
                    calibration.Row(
                        suite.name, program.name, program.cycles, cycles, program.held_out
                    )
                )
            except ToolMissing:
                raise  # nothing else will run either
            except BoardlessError as error:
                failures.append((program, error))
            bars.advance(task)
    return rows, failures


def label(core: str, part: str | None) -> str:
    return f"{core} ({part})" if part else core


def summaries(rows: Sequence[calibration.Row]) -> dict[str, calibration.Summary]:
    """By what they are taken over: all programs, those held out, those numbers were chosen by."""
    groups = {
        "all": list(rows),
        "held out": [r for r in rows if r.held_out],
        "used for choosing": [r for r in rows if not r.held_out],
    }
    return {name: calibration.summary(group) for name, group in groups.items() if group}


def show(suite: Suite, core: str, part: str | None, rows: Sequence[calibration.Row]) -> None:
    table.show(
        f"{suite.title}, priced as {label(core, part)}",
        ("program", "#measured", "#estimated", "#error", "held out"),
        [
            (
                r.program,
                f"{r.measured:,.0f}",
                f"{r.estimated:,.0f}",
                f"{r.error_percent:+.1f} %",
                "yes" if r.held_out else "",
            )
            for r in rows
        ],
    )
    table.show(
        "",
        ("absolute error over", "#programs", "#mean", "#median", "#worst", "of"),
        [
            (
                name,
                str(s.programs),
                f"{s.mean:.1f} %",
                f"{s.median:.1f} %",
                f"{s.worst:.1f} %",
                s.worst_program,
            )
            for name, s in summaries(rows).items()
        ],
    )
    click.echo(" ".join(suite.split.split()))


def as_json(
    suite: Suite,
    core: str,
    part: str | None,
    version: str,
    rows: Sequence[calibration.Row],
    reasons: Sequence[str],
) -> dict[str, Any]:
    return {
        "suite": suite.name,
        "core": core,
        "part": part,
        "compiler": version,
        "not_comparable": list(reasons),
        "source": suite.source,
        "programs": [
            {
                "name": r.program,
                "measured": r.measured,
                "estimated": r.estimated,
                "error_percent": r.error_percent,
                "held_out": r.held_out,
            }
            for r in rows
        ],
        "summary": {
            name.replace(" ", "_"): {
                "programs": s.programs,
                "mean_percent": s.mean,
                "median_percent": s.median,
                "worst_percent": s.worst,
                "worst_program": s.worst_program,
            }
            for name, s in summaries(rows).items()
        },
    }
