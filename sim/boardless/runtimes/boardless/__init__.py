"""Our own compiler: every operator of a model becomes a call of a kernel of firmware/kernels.

build = runtimes.load("boardless").build(zoo.find("digits_cnn:int8").graph, boards.load("host"))
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from boardless.core.errors import BoardlessError, TooSmall
from boardless.device import build as building
from boardless.device.records import BUILD_ID, Board, Build, MarkedLayer, Sources
from boardless.model import compiler
from boardless.model.compiler import Program
from boardless.model.graph import Graph


def build(graph: Graph, board: Board, *, fold: bool = True, keep_input: bool = False) -> Build:
    """Returns the firmware of a model on a board, built where it is not there yet."""
    return building.build(_sources(graph, board, fold=fold, keep_input=keep_input), board)


def build_together(
    graphs: Sequence[Graph], board: Board, *, fold: bool = True, keep_input: bool = False
) -> list[Build | TooSmall | None]:
    """Returns the firmwares of several models in less time than one after another; TooSmall for
    one that does not fit, None for one that cannot be built."""
    wanted = {}
    for number, graph in enumerate(graphs):
        with contextlib.suppress(BoardlessError):
            wanted[number] = _sources(graph, board, fold=fold, keep_input=keep_input)
    built = building.build_together([*wanted.values()], board) if wanted else []
    found = dict(zip(wanted, built, strict=True))
    return [found.get(number) for number in range(len(graphs))]


def _sources(graph: Graph, board: Board, *, fold: bool = True, keep_input: bool = False) -> Sources:
    return sources(compiler.compile_graph(graph, board.variants, fold=fold, keep_input=keep_input))


def sources(program: Program) -> Sources:
    """Returns the C of a compiled model, and what it computes."""
    files = compiler.emit(program, BUILD_ID)
    return Sources(
        model=program.name,
        files=files,
        layers=tuple(
            MarkedLayer(x.index, x.op, x.name, x.call.macs, x.call.constant_bytes)
            for x in program.layers
        ),
        input_bytes=program.input.nbytes,
        output_dtype=program.output.dtype,
        output_count=program.output.count,
        arena_bytes=program.arena.arena_bytes,
        weights_bytes=len(files["weights.bin"]),
        nominal_macs=program.nominal_macs,
        arena_plan=tuple(program.arena.picture()),
        profile=program.profile,
    )
