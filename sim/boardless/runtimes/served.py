"""The files around a runtime that computes a model by itself: the server's view of the model, and
the last operators by our kernels where the runtime does not know them.

files = served(graph, head=Head(layers, arena_bytes, weights_bytes), runtime="bakenn", ...)

The runtime adds one C or C++ file that defines, with C linkage, what runtime.h declares:

    bl_status bl_runtime_invoke(const void *input, void *output);

It calls bl_mark(i) before layer i of its layers, from 0.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from boardless.core.errors import BadInput
from boardless.device.records import BUILD_ID, MarkedLayer, Sources
from boardless.model import compiler, ports
from boardless.model.compiler import fold, quantise
from boardless.model.compiler.emit import USUAL, number, templates
from boardless.model.graph import Graph, Operator, Tensor
from boardless.runtimes import Wanted
from boardless.runtimes.boardless import marked

RUNTIME_H = b"""\
/* What the file of a runtime defines: one inference, from input to output. */
#ifndef BL_RUNTIME_H
#define BL_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#include "model.h"

void bl_runtime_begin(void); /* once, before the first inference, where the runtime asks for it */
bl_status bl_runtime_invoke(const void *input, void *output);
extern uint8_t bl_runtime_arena[]; /* of a runtime in whose arena input and output lie */
#ifdef __cplusplus
}
#endif

#endif
"""


@dataclass(frozen=True)
class Needs:
    """Folders, flags and sources that a runtime's files need to be built."""

    include: tuple[str, ...] = ()  # folders, relative to the generated files or absolute
    flags: tuple[str, ...] = ("-w",)  # of C and C++; warnings about others' code are no errors
    cxxflags: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()  # absolute paths, compiled once for all models of a board

    def as_json(self) -> bytes:
        """Returns build.json, which firmware/platform/builder/main.py reads."""
        return (json.dumps(vars(self), indent=1, sort_keys=True) + "\n").encode()


@dataclass(frozen=True)
class Head:
    """The operators that a runtime computes itself, the first ones of a model."""

    operators: int  # how many
    output: int  # number of the tensor that it leaves
    files: Mapping[str, bytes]  # with the definition of bl_runtime_invoke
    layers: tuple[MarkedLayer, ...]
    arena_bytes: int
    weights_bytes: int
    needs: Needs = field(default_factory=Needs)
    begins: bool = False  # it defines bl_runtime_begin, too
    # Where in its bl_runtime_arena input and output lie; None: they are the server's own.
    at: tuple[int, int] | None = None


def sources(
    wanted: Wanted, head: Head, *, runtime: str, version: str, notes: Sequence[str] = ()
) -> Sources:
    """Returns the Sources of a model whose first operators `head` computes; the others become calls
    of our kernels."""
    graph = wanted.graph
    tail = _tail(wanted, head)
    layers = [*head.layers]
    if tail:
        layers += [replace(x, index=len(head.layers) + x.index) for x in marked(tail)]
    source, target = ports.fed(graph), ports.given(graph)
    values = {
        "name": graph.name,
        "runtime": runtime,
        "version": version,
        "input": _described(source),
        "output": _described(target),
        "arena_bytes": head.arena_bytes + (tail.arena.arena_bytes if tail else 0),
        "layers": len(layers),
        "of_head": len(head.layers),
        "begins": head.begins,
        "at": head.at,
        "tail": tail,
        "other_types": not {source.dtype, target.dtype} <= {*USUAL},
        "build_id": BUILD_ID,
    }
    files: dict[str, bytes] = {}
    if tail:
        made = compiler.emit(tail, BUILD_ID)
        files = {
            "tail.h": made["model.c"],
            "weights.S": made["weights.S"],
            "weights.bin": made["weights.bin"],
        }
    environment = templates("boardless.runtimes")
    files |= {
        name: environment.get_template(f"{name}.j2").render(values).encode()
        for name in ("model.c", "model_config.h")
    }
    files |= {"runtime.h": RUNTIME_H, "build.json": head.needs.as_json(), **head.files}
    return Sources(
        model=graph.name,
        files=files,
        layers=tuple(layers),
        input_bytes=source.nbytes,
        output_dtype=target.dtype,
        output_count=target.count,
        arena_bytes=int(str(values["arena_bytes"])),
        weights_bytes=head.weights_bytes + len(files.get("weights.bin", b"")),
        nominal_macs=fold.macs(graph),
        profile=graph.profile,
        runtime=runtime,
        runtime_version=version,
        notes=tuple(notes),
    )


def cuts(graph: Graph) -> list[tuple[int, int]]:
    """Returns (number of operators, tensor that they leave) of every place where a model can be
    cut in two, the whole of it first."""
    found = [(len(graph.operators), graph.output)]
    for count in range(len(graph.operators) - 1, 0, -1):
        made = {i for op in graph.operators[:count] for i in op.outputs}
        made |= {*graph.inputs, *graph.state_tensors}
        used = {i for op in graph.operators[count:] for i in op.inputs} | {*graph.outputs}
        if len(left := made & used) == 1 and not graph.states:
            found.append((count, left.pop()))
    return found


def macs(graph: Graph, operators: Sequence[Operator]) -> int:
    """Returns the multiply-accumulates of some operators of a model."""
    return fold.macs(graph.replace(operators=tuple(operators)))


def one_port(graph: Graph, runtime: str) -> None:
    """Raises BadInput for a model with several inputs or outputs, or with a state."""
    if graph.more_inputs or graph.more_outputs or graph.states:
        raise BadInput(
            f"{runtime} takes models with one input, one output and no state", where=graph.name
        )


def _tail(wanted: Wanted, head: Head) -> compiler.Program | None:
    graph = wanted.graph
    rest = graph.operators[head.operators :]
    if not rest:
        return None
    part = graph.replace(operators=rest, input=head.output)
    return compiler.compile_graph(part, wanted.board.variants, fold=False)


def _described(tensor: Tensor) -> dict[str, object]:
    q = quantise.of(tensor)
    return {
        "bytes": tensor.nbytes,
        "count": tensor.count,
        "type": f"BL_{tensor.dtype.upper()}",
        "shape": "x".join(map(str, tensor.shape)),
        "scale": number(q.scale),
        "zero_point": q.zero_point,
    }
