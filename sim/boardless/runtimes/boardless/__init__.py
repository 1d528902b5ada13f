"""Our own compiler: every operator of a model becomes a call of a kernel of firmware/kernels.

build = runtimes.load("boardless").build(zoo.find("digits_cnn:int8").graph, boards.load("host"))
"""

from __future__ import annotations

from boardless.device import build as building
from boardless.device.records import BUILD_ID, Board, Build, Layer, Sources
from boardless.model import compiler
from boardless.model.compiler import Program
from boardless.model.graph import Graph


def build(graph: Graph, board: Board, *, fold: bool = True, keep_input: bool = False) -> Build:
    """Returns the firmware of a model on a board, built where it is not there yet."""
    program = compiler.compile_graph(graph, board.variants, fold=fold, keep_input=keep_input)
    return building.build(sources(program), board)


def sources(program: Program) -> Sources:
    """Returns the C of a compiled model, and what it computes."""
    files = compiler.emit(program, BUILD_ID)
    return Sources(
        model=program.name,
        files=files,
        layers=tuple(Layer(x.index, x.op, x.name, x.call.macs) for x in program.layers),
        input_bytes=program.input.nbytes,
        output_dtype=program.output.dtype,
        output_count=program.output.count,
        arena_bytes=program.arena.arena_bytes,
        weights_bytes=len(files["weights.bin"]),
        nominal_macs=program.nominal_macs,
        arena_plan=tuple(program.arena.picture()),
    )
