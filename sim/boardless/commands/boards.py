"""`boardless boards`."""

from __future__ import annotations

import click

from boardless.core.errors import BoardlessError
from boardless.device import boards, build, emulators
from boardless.report import record, table
from boardless.report.table import number, sentences, words
from boardless.terminal import json_option


@click.command("boards")
@json_option
def command(json_file: str | None) -> None:
    """List the boards and whether they can run here."""
    rows = []
    for name in boards.names():
        board = boards.load(name)
        missing = {}
        for emulator in board.emulators:
            try:
                emulators.load(emulator).version(board)
                build.toolchain(board)
                missing[emulator] = ""
            except BoardlessError as error:
                missing[emulator] = str(error)
        rows.append(record.board(board, missing))
    if json_file:
        record.write(rows, json_file)
    if json_file != "-":
        table.show(
            "",
            (
                words("board"),
                words("core"),
                words("emulators", 3),
                number("flash", 2),
                number("RAM", 1),
                sentences("available"),
            ),
            [
                (
                    r["name"],
                    r["core"],
                    ", ".join(r["emulators"]),
                    f"{r['flash_bytes']:,}",
                    f"{r['ram_bytes']:,}",
                    "yes" if r["available"] else "no: " + "; ".join(r["missing"].values()),
                )
                for r in rows
            ],
        )
