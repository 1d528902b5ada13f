"""`boardless compile`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from boardless import path
from boardless.core.errors import BoardlessError, TooSmall
from boardless.device import boards, build
from boardless.device.records import Board
from boardless.front import standalone
from boardless.front.standalone import folder, forms, manifest
from boardless.front.standalone.figures import Figures
from boardless.judge.budgets import Budgets
from boardless.model import compiler, profiles, zoo
from boardless.model import reference as references
from boardless.model.reference import followed
from boardless.report import record, runs, table
from boardless.runtimes import boardless
from boardless.terminal import (
    board_option,
    fold_option,
    json_option,
    note,
    output_option,
    part_option,
    progress_bar,
    quiet_option,
    reference_option,
)
from boardless.terminal.limits import budget_options, budgets

PICTURES = 4  # that the figures in a folder's README are measured of
PURPOSE = (
    "these files are for boardless's own firmware, and the kernels are not in them; --standalone "
    "writes a folder that needs nothing else"
)


@click.command("compile")
@click.argument("model")
@output_option
@board_option
@click.option(
    "--standalone",
    "alone",
    is_flag=True,
    help="Write a folder that needs nothing else: C sources with the kernels that the model calls, "
    "weights, a header, the licence, a README with measured figures, a manifest, CMakeLists.txt "
    "and Makefile. It is written whole or not at all, over nothing but an older one.",
)
@click.option(
    "--for",
    "form",
    type=click.Choice(forms.names()),
    help="Write that folder in the form of an ecosystem; implies --standalone.",
)
@click.option(
    "--measure/--no-measure",
    default=True,
    show_default=True,
    help=f"Run the model on --board with {PICTURES} pictures, for the figures in that folder's "
    "README.",
)
@part_option
@budget_options
@fold_option
@reference_option
@quiet_option
@json_option
def command(
    model: str,
    output: Path,
    board: str,
    alone: bool,
    form: str | None,
    measure: bool,
    fold: bool,
    reference: str,
    json_file: str | None,
    **options: Any,
) -> None:
    """Write MODEL as C sources and weights.

    Without --standalone the files are those that boardless's own firmware is built of: model.c,
    model_config.h, weights.S and weights.bin, without the kernels. MODEL is a name of the zoo
    (`boardless models`) or the path of a .tflite file. The kernels are those that --board can run
    best. A model that `boardless run` would refuse is refused here, too. Exit status: 0 all well, 1
    an output is wrong or a budget is exceeded and nothing is written, 2 bad usage or input, 3 a
    tool is missing or failed.
    """
    limits = budgets(options)
    target = boards.load(board)
    found = followed.find(model, reference)
    request = _request(model, found, target, fold, options["parts"], limits)
    alone = alone or form is not None
    if alone:
        folder.check(output)
    if found.results is None:
        _check(found, target, fold, reference)
    figures = Figures()
    if limits or (alone and measure):
        figures = _figures(request, found)
    if alone:
        _standalone(found, target, fold, form, figures, output, json_file)
    else:
        _ours(found, target, fold, output, json_file)


def _check(model: zoo.Model, board: Board, fold: bool, reference: str) -> None:
    """Refuses a model that could be compared with nothing; says so where another reference than the
    one that was asked for takes it."""
    try:
        answer = references.check(model.reference, model.name, reference)
    except BoardlessError:
        compiler.compile_graph(model.graph, board.variants, fold)  # may know more reasons
        raise
    if answer.profile != reference:
        note(f"{answer.by} takes the model, and the code rounds as it does: {answer.instead}")


def _request(
    text: str,
    model: zoo.Model,
    board: Board,
    fold: bool,
    parts: tuple[str, ...],
    limits: Budgets,
) -> path.Request:
    return path.Request(
        text,
        board.name,
        limit=PICTURES,
        reference=model.graph.profile,
        fold=fold,
        parts=parts,
        cores=(board.core,) if parts else (),
        budgets=limits,
        keep_state=bool(model.graph.states),
    )


def _figures(request: path.Request, model: zoo.Model) -> Figures:
    """Returns what was measured, or why nothing was, where no budget needs it. Ends the command
    where an output is wrong or a budget exceeded."""
    name = model.name if model.results else Path(request.model).name
    words = ["boardless", "run", name, "--board", request.board, "--limit", str(PICTURES)]
    words += [word for part in request.parts for word in ("--part", part)]
    words += ["--core", *request.cores] if request.parts else []
    words += ["--reference", request.reference] if request.reference != profiles.DEFAULT else []
    words += [] if request.fold else ["--no-fold"]
    words += ["--keep-state"] if request.keep_state else []
    try:
        with progress_bar() as progress:
            outcome = path.follow(request, path.named(progress, request.names))
    except TooSmall:
        raise
    except BoardlessError as error:
        if request.budgets or error.exit_status != 3:
            raise
        note(f"nothing is measured: {error}")
        return Figures(missing=" ".join(error.what.split()))
    if not outcome.ok:
        table.line(f"{model.name} {request.board}: nothing is written", stderr=True)
        for text in runs.reasons(outcome):
            table.line(text, stderr=True)
        sys.exit(1)
    return Figures.of(outcome, " ".join(words))


def _standalone(
    model: zoo.Model,
    board: Board,
    fold: bool,
    form: str | None,
    figures: Figures,
    output: Path,
    json_file: str | None,
) -> None:
    files = standalone.files(model, board, fold=fold, form=form or forms.PLAIN, figures=figures)
    written = folder.write(files, output)
    about = standalone.described(files)
    data = {
        "model": model.name,
        "board": board.name,
        "reference": model.graph.profile,
        "files": [str(p) for p in written],
        "layers": len(about["layers"]),
        "macs": about["model"]["macs"],
        "nominal_macs": about["model"]["nominal_macs"],
        "arena_bytes": about["arena"]["bytes"],
        "arena_lower_bound": about["arena"]["lower_bound"],
        "buffers": about["arena"]["buffers"],
        "prefix": about["model"]["prefix"],
        "manifest": str(output / manifest.NAME),
    }
    _show(data, json_file, output)


def _ours(
    model: zoo.Model,
    board: Board,
    fold: bool,
    output: Path,
    json_file: str | None,
) -> None:
    program = compiler.compile_graph(model.graph, board.variants, fold)
    sources = boardless.translated(program)
    build_id = build.build_key(sources, board, build.toolchain(board))
    written = build.write_sources(sources, build_id, output)
    data = {
        "model": program.name,
        "board": board.name,
        "reference": model.graph.profile,
        "build_id": build_id,
        "files": [str(p) for p in written],
        "layers": len(program.layers),
        "macs": program.macs,
        "nominal_macs": program.nominal_macs,
        "arena_bytes": program.arena.arena_bytes,
        "arena_lower_bound": program.arena.lower_bound,
        "buffers": program.arena.picture(),
    }
    _show(data, json_file, output)
    note(PURPOSE)


def _show(data: dict[str, Any], json_file: str | None, output: Path) -> None:
    if json_file:
        record.write(data, json_file)
    if json_file != "-":
        table.line(
            f"{data['model']}: {data['layers']} layers, {data['macs']:,} MACs, "
            f"arena {data['arena_bytes']:,} bytes -> {output}"
        )
