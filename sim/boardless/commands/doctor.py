"""`boardless doctor`."""

from __future__ import annotations

import sys

import click

from boardless.front import doctor
from boardless.report import record, table
from boardless.terminal import json_option


@click.command("doctor")
@json_option
def command(json_file: str | None) -> None:
    """Say for every tool what was found, what it is for and how to get it."""
    rows = doctor.tools()
    if json_file:
        keys = ("name", "found", "purpose", "get", "required")
        record.write([{k: getattr(r, k) for k in keys} for r in rows], json_file)
    if json_file != "-":
        table.show(
            "",
            ("tool", "found", "for", "how to get it"),
            [
                (
                    r.name,
                    r.found or ("[red]missing[/red]" if r.required else "missing, optional"),
                    r.purpose,
                    "" if r.found else r.get,
                )
                for r in rows
            ],
        )
    missing = [r.name for r in rows if r.required and not r.found]
    if missing:
        click.echo(f"boardless: missing: {', '.join(missing)}; run ./bootstrap", err=True)
        sys.exit(3)
