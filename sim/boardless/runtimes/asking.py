"""A firmware that answers one question about a model, such as how much memory its kernels need.

build = built(name, board, files, needs, answer_bytes=4, runtime="tflm-arena", version="...")
once.answer(build, bytes(QUESTION_BYTES))

Some file of it defines bl_runtime_invoke, whose output is the answer.
"""

from __future__ import annotations

from collections.abc import Mapping

from boardless.device import build as building
from boardless.device.records import Board, Build, MarkedLayer
from boardless.model.graph import Graph, Quantisation, Tensor
from boardless.runtimes import Wanted, served

QUESTION_BYTES = 4


def built(
    name: str,
    board: Board,
    files: Mapping[str, bytes],
    needs: served.Needs,
    *,
    answer_bytes: int,
    runtime: str,
    version: str,
) -> Build:
    """Returns the firmware, built where it is not there yet. Its input are QUESTION_BYTES."""
    plain = Quantisation((1.0,), (0,), 0)
    source = Tensor("question", (1, QUESTION_BYTES), "int8", plain)
    target = Tensor("answer", (1, answer_bytes), "int8", plain)
    graph = Graph(name, (source, target), (), input=0, output=1)
    head = served.Head(
        operators=0,
        output=graph.output,
        files=files,
        layers=(MarkedLayer(0, "", "all", 0),),
        arena_bytes=0,
        weights_bytes=0,
        needs=needs,
    )
    sources = served.sources(Wanted(graph, board), head, runtime=runtime, version=version)
    return building.build(sources, board)
