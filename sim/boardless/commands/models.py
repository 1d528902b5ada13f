"""`boardless models`."""

from __future__ import annotations

from typing import Any

import click

from boardless.device import boards, build
from boardless.device.records import Board
from boardless.front import tables
from boardless.model import compiler, zoo
from boardless.path import Progress
from boardless.report import record, table
from boardless.report import tables as report
from boardless.report.table import number, words
from boardless.runtimes import boardless
from boardless.terminal import (
    board_option,
    fresh_option,
    json_option,
    progress_bar,
    quiet_option,
)


@click.command("models")
@board_option
@click.option(
    "--tables",
    "published",
    is_flag=True,
    help="Show what others publish of such networks instead, next to boardless's figures: "
    "memory, times on parts with the error of the estimate, and MobileNetV1 by width and size.",
)
@click.option(
    "--part",
    "parts",
    multiple=True,
    metavar="P",
    help="With --tables: only figures of this part; may be given more than once.",
)
@fresh_option
@quiet_option
@json_option
def command(
    board: str, published: bool, parts: tuple[str, ...], fresh: bool, json_file: str | None
) -> None:
    """List the models of the zoo with accuracy, arena and flash.

    Arena and flash are those of a build for --board. With --tables each network is built for the
    core of the part that the published figure is of, and runs once on an emulated board; --board
    has no effect then, and what has not changed is measured again only with --fresh.
    """
    if published:
        _tables(parts, fresh, json_file)
        return
    if parts or fresh:
        raise click.UsageError("--part and --fresh are for --tables")
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


def _tables(parts: tuple[str, ...], fresh: bool, json_file: str | None) -> None:
    """Measures and shows the published tables."""
    with progress_bar() as progress:
        found = tables.measured(progress, parts, fresh=fresh)
    if json_file:
        record.write(report.record(found), json_file)
    if json_file != "-":
        report.show(found)


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
        row["flash_bytes"][kind] = build.build(boardless.translated(program), board).flash_bytes
    return row
