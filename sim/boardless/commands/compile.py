"""`boardless compile`."""

from __future__ import annotations

from pathlib import Path

import click

from boardless.device import boards, build
from boardless.model import compiler, zoo
from boardless.model import reference as references
from boardless.report import record
from boardless.runtimes import boardless
from boardless.terminal import (
    board_option,
    fold_option,
    json_option,
    output_option,
    reference_option,
)


@click.command("compile")
@click.argument("model")
@output_option
@board_option
@fold_option
@reference_option
@json_option
def command(
    model: str, output: Path, board: str, fold: bool, reference: str, json_file: str | None
) -> None:
    """Write MODEL as C sources and weights.

    The files are model.c, model_config.h, weights.S and weights.bin. MODEL is a name of the zoo
    (`boardless models`) or the path of a .tflite file. The kernels are those that --board can run
    best. A model that `boardless run` would refuse is refused here, too.
    """
    target = boards.load(board)
    found = zoo.find(model, reference)
    program = compiler.compile_graph(found.graph, target.variants, fold)
    if found.results is None:
        references.check(
            found.reference, found.name, reference
        )  # nothing is compiled that could not be compared
    sources = boardless.sources(program)
    build_id = build.build_key(sources, target, build.toolchain(target))
    written = build.write_sources(sources, build_id, output)
    data = {
        "model": program.name,
        "board": board,
        "reference": reference,
        "build_id": build_id,
        "files": [str(p) for p in written],
        "layers": len(program.layers),
        "macs": program.macs,
        "nominal_macs": program.nominal_macs,
        "arena_bytes": program.arena.arena_bytes,
        "arena_lower_bound": program.arena.lower_bound,
        "buffers": program.arena.picture(),
    }
    if json_file:
        record.write(data, json_file)
    if json_file != "-":
        click.echo(
            f"{program.name}: {data['layers']} layers, {program.macs:,} MACs, "
            f"arena {program.arena.arena_bytes:,} bytes -> {output}"
        )
