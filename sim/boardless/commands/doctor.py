"""`boardless doctor`."""

from __future__ import annotations

import sys

import click

from boardless.front import doctor
from boardless.report import record, table
from boardless.report.table import sentences, words
from boardless.terminal import json_option, say


@click.command("doctor")
@json_option
def command(json_file: str | None) -> None:
    """List the tools: found or missing, purpose, how to get them."""
    rows = doctor.tools()
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
        say(f"boardless: missing: {', '.join(missing)}; run ./bootstrap")
        sys.exit(3)
