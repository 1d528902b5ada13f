"""`boardless doctor`."""

from __future__ import annotations

import sys

import click

from boardless.core.surroundings import in_ci
from boardless.front import doctor, setup
from boardless.report import record, table
from boardless.report.table import sentences, words
from boardless.terminal import json_option, say, several_boards_option


@click.command("doctor")
@click.option(
    "--fix",
    is_flag=True,
    help="Install what is missing, with apt, after asking; where there is no apt, say how.",
)
@several_boards_option("With --fix: also what this board needs; may be given more than once.")
@click.option("-y", "--yes", is_flag=True, help="With --fix: do not ask. Default where CI=true.")
@json_option
def command(fix: bool, board_names: tuple[str, ...], yes: bool, json_file: str | None) -> None:
    """List the tools: found or missing, purpose, how to get them.

    Exit status: 0 all are there that `boardless sim` needs, 3 one is missing.
    """
    if not fix and (board_names or yes):
        raise click.UsageError("--board and --yes are of --fix")
    rows = doctor.tools()
    if fix:
        packages = doctor.lacking(rows, board_names)
        if packages:
            _install(setup.plan(packages), ask=not (yes or in_ci()))
            rows = doctor.tools()
        else:
            say("nothing to install")
    if json_file:
        keys = ("name", "found", "purpose", "get", "required")
        record.write([{k: getattr(r, k) for k in keys} for r in rows], json_file)
    if json_file != "-":
        table.show(
            "",
            (words("tool"), words("found"), sentences("for", 1), sentences("how to get it")),
            [
                (
                    r.name,
                    r.found or (table.bad("missing") if r.required else "missing, optional"),
                    r.purpose,
                    "" if r.found else r.get,
                )
                for r in rows
            ],
        )
    missing = [r.name for r in rows if r.required and not r.found]
    if missing:
        say(f"boardless: missing: {', '.join(missing)}; run {doctor.FIX}")
        sys.exit(3)


def _install(plan: setup.Plan, *, ask: bool) -> None:
    """Asks before anything is installed; click.Abort where the answer is no."""
    say(f"missing: {', '.join(plan.packages)}")
    if plan.commands and ask:
        click.confirm(f"{plan.how}?", default=True, abort=True, err=True)
    setup.install(plan)
