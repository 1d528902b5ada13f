"""`boardless calibrate`: the model's error against cycles measured on boards.

Programs of a suite come from a checkout that the user has, and are built with the user's compiler.
With --port the programs are models, and the board that measures them is the user's own. Either way
their counts are priced as everything else is; what was measured stands in facts/.
"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec
import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from boardless.core import scratch
from boardless.core.errors import BadInput, BoardlessError, ToolMissing, TooSmall
from boardless.cycles import calibration, cores, parts, price
from boardless.cycles.calibration import again, facts, recorded
from boardless.cycles.calibration import digest as digests
from boardless.cycles.calibration.facts import Suite
from boardless.cycles.decode import instructions
from boardless.device.link.client import WrongFirmware
from boardless.front.calibrate import measured, programs
from boardless.path import Request
from boardless.report import record, table
from boardless.report.calibrate import SuiteFigures, all_as_json, as_json, label, show, show_all
from boardless.terminal import (
    json_option,
    labelled,
    note,
    port_options,
    progress_bar,
    quiet_option,
    say,
)

OF_ONE_MODEL = (WrongFirmware, TooSmall, measured.WrongOutputs)  # the next model may do better
FOR_PORT = ("board", "baud", "clock", "flash", "limit", "facts", "date", "source")
INFERENCES = 9


@click.command("calibrate")
@click.argument("words", nargs=-1, metavar="SUITE [PATH] | MODEL...")
@click.option(
    "--all",
    "every",
    is_flag=True,
    help="Price the recorded counts of every suite, and show the error of each core and part.",
)
@click.option("--core", help="Price as this core instead of the suite's; nothing is kept then.")
@click.option(
    "--part",
    help="Price as this part instead of the suite's; nothing is kept then. With --port: the part "
    "that the board has.",
)
@click.option("--board", help="With --port: which board it is, see `boardless boards`.")
@port_options
@click.option(
    "--limit",
    type=click.IntRange(1),
    metavar="N",
    help=f"With --port: inferences, each of another picture. Default: {INFERENCES}.",
)
@click.option(
    "--facts",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="With --port: keep what was measured in this file (.toml). Default: BOARD-PART.toml among "
    "the suites of boardless.",
)
@click.option(
    "--date", metavar="YYYY-MM-DD", help="With --port: of the measurement. Default: today."
)
@click.option("--source", metavar="TEXT", help="With --port: which board it was, and whose.")
@quiet_option
@json_option
def command(
    words: tuple[str, ...],
    every: bool,
    core: str | None,
    part: str | None,
    json_file: str | None,
    **port: Any,
) -> None:
    """Compare estimated cycles with cycles measured on a board.

    SUITE is a set of programs with published cycles (an unknown name lists them all) or a facts
    file of your own, PATH your checkout of their sources. Their counts are recorded: without PATH,
    and with --all, they are priced again without sources, compiler and emulator.

    With --port each MODEL runs on a board of your own, whose cycle counter is read, and the same
    build is counted in an emulator. The measurement is stored as a suite of its own, which takes no
    PATH: `boardless calibrate SUITE` prices it again without the board, as long as the same build
    comes out.

    The result is stored, and reports show it with each estimate. Exit status: 0 all well, 1 the
    board's outputs are wrong, 2 bad usage or input, 3 a tool or the board failed.
    """
    if every:
        if words or core or part or port["port"]:
            raise click.UsageError("--all takes no suite, --core, --part and --port")
        all_suites(json_file)
        return
    if not words:
        raise click.UsageError("name a suite or a model, or give --all")
    if port["port"]:
        found = on_board(words, core, part, port)
    elif given := [name for name in FOR_PORT if port[name]]:
        raise click.UsageError(f"--{given[0]} is for --port")
    else:
        found = of_suite(words, core, part)
    kept = None
    if found.rows and not found.reasons and (found.suite.firmware or not found.failures):
        kept = keep(found)
    if json_file:
        record.write(as_json(found), json_file)
    if json_file != "-" and found.rows:
        show(found)
        if kept:
            note(f"kept in {kept}")
    if found.failures:
        sys.exit(max(error.exit_status for error in found.failures))


def keep(found: SuiteFigures) -> Path:
    """Writes the result. What the suite's other programs were estimated at stays, as long as the
    model is the same."""
    result = calibration.load(found.core, found.part)
    now = digests.digest(found.core, found.part)
    rows = {r.program: r for r in found.rows}
    if result.digests.get(found.suite.name) == now:
        known = {p.name for p in found.suite.programs}
        old = [r for r in result.row if r.suite == found.suite.name and r.program in known]
        rows = {r.program: r for r in old} | rows
    if found.counts:
        recorded.save(found.suite.name, found.version, found.counts)
    counts = "" if found.suite.firmware else recorded.load(found.suite.name).digest
    return calibration.save(
        result, found.suite.name, now, found.version, [*rows.values()], counts=counts
    )


def failed(found: SuiteFigures, program: str, error: BoardlessError) -> None:
    say(f"boardless: {program}: {error}")
    found.failures.append(error)


def warn(found: SuiteFigures, reason: str) -> None:
    say(f"boardless: warning: {reason}")
    found.reasons.append(reason)


# ---- a suite ----


def of_suite(words: tuple[str, ...], core: str | None, part: str | None) -> SuiteFigures:
    """Prices the programs of a suite."""
    suite = facts.load(words[0])
    if len(words) > 2 or (suite.firmware and len(words) == 2):
        wants = "takes no PATH" if suite.firmware else "takes one PATH"
        raise click.UsageError(f"suite {suite.name} {wants}")
    built = len(words) == 2
    if built:
        programs.check(suite, Path(words[1]))
        version = programs.compiler(suite.toolchain)
    elif suite.firmware:
        version = suite.compiler.split()[-1]
    else:
        version = recorded.load(suite.name).compiler
    found = SuiteFigures(suite, core or suite.core, part or suite.part, version)
    if suite.build and built and not suite.accepts(version):
        warn(
            found,
            f"comparable only with GCC {suite.compiler_major}, this is {suite.toolchain}gcc "
            f"{version}: other code than was measured, so nothing is kept",
        )
    if suite.name not in facts.names() and not suite.firmware:
        warn(found, f"{suite.name} is not one of the suites of boardless: nothing is kept")
    if (found.core, found.part) != (suite.core, suite.part):
        warn(
            found,
            f"{suite.name} was measured on {label(suite.core, suite.part)}, this prices "
            f"{label(found.core, found.part)}: nothing is kept",
        )
    if suite.firmware:
        price_models(found)
    elif built:
        price_programs(found, Path(words[1]).absolute())
    else:
        found.rows += again.rows(suite, found.core, found.part)
    return found


def all_suites(json_file: str | None) -> None:
    """Prices every recorded suite, keeps the results, and shows the error of each core and part."""
    for name in again.suites():
        suite = facts.load(name)
        found = SuiteFigures(suite, suite.core, suite.part, recorded.load(name).compiler)
        found.rows += again.rows(suite)
        keep(found)
    known = [(core, part, calibration.error(core, part)) for core, part in calibration.targets()]
    shown = [(core, part, error) for core, part, error in known if error]
    if json_file:
        record.write(all_as_json(shown), json_file)
    if json_file != "-":
        show_all(shown)


def price_programs(found: SuiteFigures, checkout: Path) -> None:
    """Builds, runs and prices programs whose sources are the user's."""
    suite = found.suite
    core = cores.load(found.core)
    part = parts.load(found.part).at(suite.clock_hz) if found.part else None
    caches = part.simulated(*suite.machine.code) if part else ()
    with scratch.folder("calibrate") as folder, steps(suite) as step:
        builder = programs.Builder(suite, checkout, folder)
        for program in suite.programs:
            step(program.name)
            try:
                code, tally = programs.run(suite, builder.build(program), caches)
                decoded = instructions(core.isa, code.address.tolist(), code.content)
                weights = price.weights(core, part, code, tally, decoded)
                cycles = float(np.sum(price.cycles(weights, tally)))
            except ToolMissing:
                raise  # nothing else will run either
            except BoardlessError as error:
                failed(found, program.name, error)
                continue
            row = (suite.name, program.name, program.cycles, cycles, program.held_out)
            found.rows.append(calibration.ProgramRow(*row))
            found.counts[program.name] = (code, decoded, tally)


@contextmanager
def steps(suite: Suite) -> Iterator[Callable[[str], None]]:
    """Shows a bar on stderr, and yields the function to be called with each program as it
    begins."""
    console = table.console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bars = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    with bars:
        task = bars.add_task(suite.name, total=len(suite.programs), completed=-1)
        yield lambda name: bars.update(task, description=f"{suite.name} {name}", advance=1)


def price_models(found: SuiteFigures) -> None:
    """Counts and prices the builds that a board has measured; other builds say nothing."""
    asked = msgspec.structs.replace(found.suite, core=found.core, part=found.part)
    with progress_bar() as progress:
        for program in asked.programs:
            try:
                found.add(*measured.price(asked, program, progress))
            except measured.NotComparable as error:
                say(f"boardless: warning: {error}")
                found.skipped.append(str(error))
            except OF_ONE_MODEL as error:
                failed(found, program.name, error)


# ---- a board ----


def on_board(
    models: tuple[str, ...], core: str | None, part: str | None, port: dict[str, Any]
) -> SuiteFigures:
    """Measures models on the board behind a port, and keeps the facts of each at once."""
    if not port["board"]:
        raise click.UsageError("--port needs --board")
    if core and part:
        raise click.UsageError("--part and --core are mutually exclusive")
    date = checked(port["date"] or datetime.date.today().isoformat())
    name = "-".join(filter(None, [port["board"], part or core]))
    path = facts.own(port["facts"] or facts.FOLDER / f"{name}.toml")
    found: SuiteFigures | None = None
    failures: list[tuple[str, BoardlessError]] = []
    with progress_bar() as progress:
        for model in models:
            request = Request(
                model,
                port["board"],
                limit=port["limit"] or INFERENCES,
                cores=(core,) if core else (),
                parts=(part,) if part else (),
                **{name: port[name] for name in ("port", "baud", "flash", "clock")},
            )
            try:
                taken = measured.take(request, labelled(request, progress))
            except OF_ONE_MODEL as error:
                failures.append((model, error))
                continue
            except BoardlessError as error:
                failures.append((model, error))
                break  # the others would fare no better
            suite = facts.add(measured.suite_of(taken, date, port["source"]), path)
            if found is None:
                found = SuiteFigures(suite, suite.core, suite.part, suite.compiler.split()[-1])
            found.suite = suite
            found.add(*measured.compared(suite, taken.program(date), taken.run))
    if found is None:
        raise failures[0][1]
    note(f"facts in {path}")
    for model, problem in failures:
        failed(found, model, problem)
    return found


def checked(date: str) -> str:
    try:
        return datetime.date.fromisoformat(date).isoformat()
    except ValueError as error:
        raise BadInput(f"{date!r} is no date", hint="such as 2026-11-21") from error
