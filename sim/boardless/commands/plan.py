"""`boardless plan`."""

from __future__ import annotations

import click

from boardless.device import boards
from boardless.model import compiler, published, structures, zoo
from boardless.path import Request, measuring
from boardless.report import measures, plan, record
from boardless.terminal import board_option, json_option, labelled, progress_bar, quiet_option


@click.command("plan")
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@board_option
@click.option(
    "--measure", is_flag=True, help="Build and run each for its RAM with stack and flash."
)
@quiet_option
@json_option
def command(models: tuple[str, ...], board: str, measure: bool, json_file: str | None) -> None:
    """Show the arena of each MODEL and the least it could need.

    Shown are the planned arena, the least that any plan needs, the size without overlapping, and
    the layer at the peak. Nothing is built without --measure. MODEL is a name of the zoo
    (`boardless models`) or the path of a .tflite file. Without a MODEL: networks that others
    publish figures of, with random weights, next to those figures.

    --measure measures RAM twice: with the test server's own copy of the picture, and without it,
    where the plan keeps the input alive (`boardless run --keep-input`).
    """
    target = boards.load(board)
    rows = []
    with progress_bar() as progress:
        for model in models or tuple(structures.STRUCTURES):
            network = zoo.find(model).graph
            program = compiler.compile_graph(network, target.variants)
            disjoint = compiler.compile_graph(network, target.variants, overlap=False)
            requests = [Request(model, board, keep_input=kept) for kept in (False, True)]
            measured = [
                measures.memory(*measuring.footprint(request, labelled(request, progress)))
                for request in (requests if measure else [])
            ]
            others = published.MEMORY.get(program.name)
            rows.append(plan.record(program, disjoint.arena.arena_bytes, others, measured))
    if json_file:
        record.write(rows, json_file)
    if json_file != "-":
        plan.show(rows)
