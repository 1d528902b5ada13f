"""`boardless check`."""

from __future__ import annotations

import sys

import click

from boardless.core.errors import BadInput, BoardlessError
from boardless.device import boards
from boardless.device.records import Board
from boardless.model import compiler
from boardless.model import reference as references
from boardless.model.graph.refusals import Refused
from boardless.model.reference import followed
from boardless.report import check, record
from boardless.runtimes import boardless
from boardless.terminal import json_option, reference_option, several_boards_option


@click.command("check")
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@several_boards_option("See `boardless boards`; may be given more than once. Default: all boards.")
@reference_option
@json_option
def command(
    models: tuple[str, ...], board_names: tuple[str, ...], reference: str, json_file: str | None
) -> None:
    """Say what of MODEL runs and what it needs; nothing is built.

    Shown are its operators with their types and shapes, all that is refused and what would help,
    and for each board the least RAM and flash: activations with the server's copy of the input, and
    weights. Code and stack come on top. MODEL is a name of the zoo (`boardless models`) or the path
    of a .tflite file. Exit status: 0 it can be run, 2 it is refused, or too large for every board.
    """
    targets = [boards.load(name) for name in board_names or boards.names()]
    data = [_checked(model, targets, reference) for model in models]
    if json_file:
        record.write(data[0] if len(data) == 1 else data, json_file)
    if json_file != "-":
        for found in data:
            check.show(found)
    if not all(found["ok"] for found in data):
        sys.exit(2)


def _checked(name: str, targets: list[Board], profile: str) -> check.Record:
    """Returns the JSON of a model; BadInput where its file cannot be read at all."""
    model = followed.find(name, profile)
    needs: dict[tuple[str, ...], tuple[int, int]] = {}  # variants -> bytes of RAM, of flash
    refusal: BadInput | None = None
    for variants in dict.fromkeys(target.variants for target in targets):
        try:
            program = compiler.compile_graph(model.graph, variants)
        except BadInput as error:
            refusal = error
            break
        sources = boardless.translated(program)
        needs[variants] = sources.arena_bytes + sources.input_bytes, sources.weights_bytes
    why = "" if refusal is None or isinstance(refusal, Refused) else refusal.what
    instead = ""
    if refusal is None and model.results is None:
        try:
            answer = references.check(model.reference, model.name, profile)
            instead = f"{answer.by}: {answer.instead}" if answer.instead else ""
        except BoardlessError as error:
            why = error.what
    refusals = refusal.refusals if isinstance(refusal, Refused) else ()
    found = [check.board(target, *needs[target.variants]) for target in targets if needs]
    return check.record(model.graph, refusals, why, instead, found)
