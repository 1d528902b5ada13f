"""TinyMaix, an interpreter of a few kilobytes, out of a checkout that the user names.

build = runtimes.load("tinymaix:simd").build(graph, board, content=content)

`tmdl` writes the file that it interprets. It knows few operators. Where the first ones hold nearly
all of a model's work, TinyMaix computes these and our kernels the rest; notes of the run say so.
"""

from __future__ import annotations

from boardless.core.errors import BadInput
from boardless.device.records import Board, MarkedLayer, Sources
from boardless.model.compiler.emit import templates
from boardless.model.graph import Graph
from boardless.runtimes import Wanted, checkouts, served
from boardless.runtimes.tinymaix import tmdl

PROFILE, EXACT = "litert", False  # it rounds towards zero, which no interpreter does
VARIABLE = "BOARDLESS_TINYMAIX"
LEAST = 0.9  # part of the multiply-accumulates that it has to compute itself
PORTABLE, SIMD = "portable", "simd"
ARCHITECTURES = {PORTABLE: "arch_cpu.h", SIMD: "arch_arm_simd.h"}
FILES = ("include/tinymaix.h", "src/tm_layers.c", "src/tm_model.c")
FLAGS = ("-w", "-fno-strict-aliasing")  # it reads its buffers as several types
# At any other level GCC finds no registers for the kernels' assembly.
OPTIMISED = {PORTABLE: (), SIMD: ("-O3",)}


def version(variant: str = "") -> str:
    """Returns the checkout's revision and a digest of the sources that are used."""
    checkout = _checkout()
    return checkout.version(_names(variant or PORTABLE))


def variants(board: Board) -> tuple[str, ...]:
    """Returns the kernels for a board's core, the fastest first; none without a checkout."""
    return _known(board) if checkouts.is_named(VARIABLE) else ()


def sources(wanted: Wanted) -> Sources:
    """Returns TinyMaix's sources, its model, and the C around them."""
    graph, board = wanted.graph, wanted.board
    checkout = _checkout()
    variant = wanted.variant or _known(board)[0]
    names = _names(variant)
    if variant not in _known(board):
        raise BadInput(
            f"tinymaix's {variant} is not for {board.core}",
            where=f"board {board.name}",
            hint=f"one of {', '.join(_known(board))}",
        )
    served.one_port(graph, "tinymaix")
    model, notes = _most(graph)
    head = served.Head(
        operators=model.operators,
        output=model.output,
        files={
            **{f"tinymaix/{name.split('/')[1]}": c for name, c in checkout.files(names).items()},
            **_written(model, variant),
            "tinymaix.bin": model.content,
        },
        layers=tuple(
            MarkedLayer(
                index,
                graph.operators[layer.operator].name,
                graph.tensors[graph.operators[layer.operator].outputs[0]].name,
                served.macs(graph, [graph.operators[layer.operator]]),
                layer.constant_bytes,
            )
            for index, layer in enumerate(model.layers)
        ),
        arena_bytes=model.buffer_bytes,
        weights_bytes=len(model.content),
        needs=served.Needs(include=("tinymaix",), flags=(*FLAGS, *OPTIMISED[variant])),
    )
    if variant == SIMD:
        notes.append("TinyMaix's kernels with SIMD are compiled with -O3: GCC takes no less")
    named = f"{checkout.version(names)} ({variant})"
    return served.sources(wanted, head, runtime=f"tinymaix:{variant}", version=named, notes=notes)


def _checkout() -> checkouts.Checkout:
    return checkouts.find(VARIABLE, "TinyMaix", needed=FILES[0])


def _known(board: Board) -> tuple[str, ...]:
    # Its kernels for MVE have never been compiled, as a comment in them says.
    dsp = "dsp" in board.variants and "mve" not in board.variants
    return (SIMD, PORTABLE) if dsp else (PORTABLE,)


def _names(variant: str) -> tuple[str, ...]:
    if variant not in ARCHITECTURES:
        raise BadInput(
            f"tinymaix has no kernels {variant!r}", hint=f"known: {', '.join(ARCHITECTURES)}"
        )
    return (*FILES, f"src/{ARCHITECTURES[variant]}")


def _most(graph: Graph) -> tuple[tmdl.Model, list[str]]:
    """Returns (the most of a model that TinyMaix takes, a note on the rest); BadInput with the
    reason where that is not nearly all."""
    total, reason = served.macs(graph, graph.operators), ""
    for count, output in served.cuts(graph):
        if reason and served.macs(graph, graph.operators[:count]) < LEAST * total:
            break
        try:
            model = tmdl.packed(graph, count, output)
        except tmdl.RefusedError as error:
            reason = reason or str(error)
            continue
        left = graph.operators[count:]
        if not left:
            return model, []
        several = f"s {left[0].index} to {left[-1].index}" if len(left) > 1 else f" {left[0].index}"
        note = f"computed by boardless's kernels: operator{several}, which TinyMaix refuses"
        return model, [f"{note} ({reason})"]
    raise BadInput(f"TinyMaix refuses it: {reason}", where=graph.name)


def _written(model: tmdl.Model, variant: str) -> dict[str, bytes]:
    environment = templates(__package__)
    values = {
        "model": model,
        "architecture": "TM_ARCH_ARM_SIMD" if variant == SIMD else "TM_ARCH_CPU",
    }
    places = {"tinymaix/tm_port.h": "tm_port.h", "invoke.c": "invoke.c", "tinymaix.S": "tinymaix.S"}
    return {
        place: environment.get_template(f"{name}.j2").render(values).encode()
        for place, name in places.items()
    }
