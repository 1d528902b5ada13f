"""TensorFlow Lite Micro's interpreter, with its reference kernels or CMSIS-NN's, out of a checkout
of tflite-micro that the user names.

build = runtimes.load("tflm:cmsis_nn").build(graph, board, content=content)

The model's file goes into the firmware as it is. How large an arena it needs, and where in it input
and output lie, only the interpreter knows, on the board itself: `arena` asks it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from boardless.core.errors import BadInput
from boardless.device.records import Board, MarkedLayer, Sources
from boardless.model.graph import Graph
from boardless.model.graph.options import names
from boardless.runtimes import Wanted, served
from boardless.runtimes.tflm import arena, checkout, compiler, files

PROFILE = "tflm"
OPERATORS = names(schema.BuiltinOperator)


def version(variant: str = "") -> str:
    """Returns revision and sources of the checkout, and its kernels."""
    return checkout.find(variant).version


def variants(board: Board) -> tuple[str, ...]:
    """Returns the kernels for a board's core, the fastest first; none without a checkout."""
    if not checkout.is_named():
        return ()
    return (checkout.CMSIS_NN, "") if board.toolchain.prefix.startswith("arm-") else ("",)


def sources(wanted: Wanted) -> Sources:
    """Returns the C++ around a model's file."""
    found = checkout.find(wanted.variant)
    graph, board = wanted.graph, wanted.board
    if found.kernels and found.kernels not in variants(board):
        raise BadInput(
            f"tflm's {found.kernels} is for Arm's cores, not for {board.core}",
            where=f"board {board.name}",
            hint="use --runtime tflm",
        )
    model = schema.ModelT.InitFromPackedBuf(wanted.content, 0)
    codes = _codes(model, found, graph.name)
    library = compiler.library(board)
    made = files.Files.of(graph, wanted.content, codes, found, library)
    needed = arena.of(made, wanted)
    layers = _layers(graph, model)
    runtime = f"tflm:{found.kernels}" if found.kernels else "tflm"
    head = served.Head(
        operators=len(graph.operators),
        output=graph.output,
        files=made.firmware(needed, layers=len(layers)),
        layers=layers,
        arena_bytes=needed.used,
        weights_bytes=len(wanted.content),
        needs=made.needs(board),
        begins=True,
        at=needed.at if made.in_place else None,
    )
    notes = [f"headers of C++: those of {library.lender}"] if library.lender else []
    return served.sources(wanted, head, runtime=runtime, version=found.version, notes=notes)


def _codes(model: Any, found: checkout.Checkout, name: str) -> list[str]:
    """Returns the names of the operators that a model uses, each once; BadInput for one that the
    interpreter does not have."""
    known, codes = found.operators(), dict[str, None]()
    for subgraph in model.subgraphs:
        for number, operator in enumerate(subgraph.operators):
            code = _code(model, operator)
            if code not in known:
                raise BadInput(
                    f"tflite-micro has no operator {code}", where=f"{name}, operator {number}"
                )
            codes[code] = None
    return [*codes]


def _code(model: Any, operator: Any) -> str:
    found = model.operatorCodes[operator.opcodeIndex]
    code = max(found.builtinCode, found.deprecatedBuiltinCode)
    return OPERATORS.get(code, str(code))


def _layers(graph: Graph, model: Any) -> tuple[MarkedLayer, ...]:
    """Returns the operators as layers; one layer for a model that calls a part of itself."""
    [first, *more] = model.subgraphs
    if more or len(first.operators) != len(graph.operators):
        return (MarkedLayer(0, "", "all", served.macs(graph, graph.operators)),)
    return tuple(
        MarkedLayer(
            index,
            _code(model, operator),
            graph.tensors[known.outputs[0]].name if known.outputs else "",
            served.macs(graph, [known]),
            _constant_bytes(model, first, operator.inputs),
        )
        for index, (operator, known) in enumerate(
            zip(first.operators, graph.operators, strict=True)
        )
    )


def _constant_bytes(model: Any, subgraph: Any, inputs: Sequence[int]) -> int:
    buffers = [model.buffers[subgraph.tensors[i].buffer].data for i in inputs if i >= 0]
    return sum(len(data) for data in buffers if data is not None)
