"""`boardless models`."""

from __future__ import annotations

from typing import Any

import click

from boardless.device import boards, build
from boardless.device.records import Board
from boardless.model import compiler, zoo
from boardless.path import Progress
from boardless.report import record, table
from boardless.report.table import number, words
from boardless.runtimes import boardless
from boardless.terminal import board_option, json_option, progress_bar, quiet_option


@click.command("models")
@board_option
@quiet_option
@json_option
def command(board: str, json_file: str | None) -> None:
    """List the models of the zoo with accuracy, arena and flash.

    Arena and flash are those of a build for --board.
    """
    rows = []
    target = boards.load(board)
    with progress_bar() as progress:
        for name in zoo.names():
            rows.append(_model(name, target, progress))
    if json_file:
        record.write(rows, json_file)
    if json_file != "-":
        headings = (
            words("model"),
            words("input", 2),
            number("classes", 4),
            number("parameters", 3),
            number("MACs", 1),
            number("accuracy"),
            number("arena"),
            number("flash"),
        )
        table.show(
            "",
            headings,
            [
                (
                    f"{r['name']}:{kind}",
                    "x".join(map(str, r["input_shape"])),
                    str(len(r["classes"])),
                    f"{r['parameters']:,}",
                    f"{r['macs']:,}",
                    f"{r['accuracy'][kind]:.2%}",
                    f"{r['arena_bytes'][kind]:,}",
                    f"{r['flash_bytes'][kind]:,}",
                )
                for r in rows
                for kind in r["types"]
            ],
        )


def _model(name: str, board: Board, progress: Progress) -> dict[str, Any]:
    """Returns the row of one model for `boardless models`, after building each of its types."""
    about = zoo.results(name)
    row: dict[str, Any] = {
        "name": name,
        "types": zoo.types(name),
        "parameters": about.parameters,
        "input_shape": list(about.input_shape),
        "classes": list(about.classes),
        "accuracy": about.accuracy,
        "accuracy_origin": f"{about.test_pictures} pictures of {about.data_origin}",
        "arena_bytes": {},
        "flash_bytes": {},
    }
    for kind in row["types"]:
        progress(f"{name}:{kind} building", 0, 0)
        program = compiler.compile_graph(zoo.find(f"{name}:{kind}").graph, board.variants)
        row["macs"] = program.nominal_macs
        row["arena_bytes"][kind] = program.arena.arena_bytes
        row["flash_bytes"][kind] = build.build(boardless.sources(program), board).flash_bytes
    return row
