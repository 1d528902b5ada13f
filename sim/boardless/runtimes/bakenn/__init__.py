"""BakeNN, an ahead-of-time compiler of int8 models, with its own kernels, CMSIS-NN's or ESP-NN's.

build = runtimes.load("bakenn:portable").build(graph, board, content=content)

Its reader knows few operators. Where the first ones hold nearly all of a model's work, BakeNN
computes these and our kernels the rest; notes of the run say so.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from boardless.core.errors import BadInput, ToolMissing
from boardless.device.records import Board, MarkedLayer, Sources
from boardless.model.graph import Graph
from boardless.runtimes import Wanted, served
from boardless.runtimes.bakenn import edits

PROFILE = "tflm"  # CMSIS-NN's: products are rounded twice
NAME = "model"  # in its file names and functions
LEAST = 0.9  # part of the multiply-accumulates that it has to compute itself
PORTABLE, OPTIMISED, CMSIS_NN, ESP_NN = "portable", "optimised", "cmsis_nn", "esp_nn"
KNOWN = (PORTABLE, OPTIMISED, CMSIS_NN, ESP_NN)
ESPRESSIFS = {"esp32-lx6": "esp32", "esp32-c3": "esp32c3"}  # BakeNN's targets by our cores

INVOKE = """\
/* One inference by BakeNN: it wants an arena, and an input that nothing overwrites. */
#include "bknn_model.h"
#include "runtime.h"

static uint8_t arena[BKNN_MODEL_ARENA_SIZE ? BKNN_MODEL_ARENA_SIZE : 1]
    __attribute__((aligned(16)));

bl_status bl_runtime_invoke(const void *input, void *output) {
  bknn_model_infer(BKNN_MODEL_ARENA_SIZE ? arena : 0, input, output);
  return BL_OK;
}
"""


def version(variant: str = "") -> str:
    """Returns BakeNN's version and back end."""
    if variant and variant not in KNOWN:
        raise BadInput(f"bakenn has no back end {variant!r}", hint=f"known: {', '.join(KNOWN)}")
    try:
        found = importlib.metadata.version("bakenn")
    except importlib.metadata.PackageNotFoundError:
        raise ToolMissing(
            "BakeNN is not installed", hint="pip install 'boardless[bakenn]'"
        ) from None
    return f"bakenn {found}"


def variants(board: Board) -> tuple[str, ...]:
    """Returns the back ends for a board's core, the fastest first."""
    found = [OPTIMISED, PORTABLE]
    if "dsp" in board.variants and "mve" not in board.variants:
        found.insert(0, CMSIS_NN)
    if board.core == "esp32-lx6":
        found.insert(0, ESP_NN)
    return tuple(found)


def sources(wanted: Wanted) -> Sources:
    """Returns the C that BakeNN makes of a model."""
    named = version(wanted.variant)
    graph, board = wanted.graph, wanted.board
    backend = wanted.variant or variants(board)[0]
    if backend not in variants(board):
        raise BadInput(
            f"bakenn's {backend} is not for {board.core}",
            where=f"board {board.name}",
            hint=f"one of {', '.join(variants(board))}",
        )
    served.one_port(graph, "bakenn")
    content, notes = edits.edited(wanted.content)
    with tempfile.TemporaryDirectory() as folder:
        head = _compiled(graph, content, board, backend, Path(folder, "out"))
    if head.operators < len(graph.operators):
        last = len(graph.operators) - 1
        which = f"{head.operators} to {last}" if head.operators < last else f"{last}"
        several = "s" if head.operators < last else ""
        notes.append(
            f"computed by boardless's kernels: operator{several} {which}, which BakeNN refuses"
        )
    return served.sources(
        wanted, head, runtime=f"bakenn:{backend}", version=f"{named} ({backend})", notes=notes
    )


def _compiled(
    graph: Graph, content: bytes, board: Board, backend: str, folder: Path
) -> served.Head:
    """Returns the most of a model that BakeNN takes; BadInput with its reason where that is not
    nearly all."""
    import bakenn

    total, reason = served.macs(graph, graph.operators), None
    for count, output in served.cuts(graph):
        if reason and served.macs(graph, graph.operators[:count]) < LEAST * total:
            break
        part = content if count == len(graph.operators) else edits.cut(content, count, output)
        try:
            compiled = bakenn.compile_tflite(
                part, folder, name=NAME, backend_options=_options(bakenn, board, backend)
            )
        except bakenn.BakeNNError as error:
            reason = reason or str(error)
            continue
        return _head(graph, compiled, count, output, folder)
    raise BadInput(f"BakeNN refuses it: {reason}", where=graph.name)


def _options(bakenn: ModuleType, board: Board, backend: str) -> Any:
    target = "portable32"
    if "dsp" in board.variants:
        target = "cortex-m4"
    elif board.core in ESPRESSIFS:
        target = ESPRESSIFS[board.core]
    portable = backend == PORTABLE
    policy = bakenn.KernelPolicy.PORTABLE if portable else bakenn.KernelPolicy.STATIC_PRIORITY
    return bakenn.CBackendOptions(
        kernel_policy=policy,
        enable_cmsis_nn=backend == CMSIS_NN,
        enable_esp_nn=backend == ESP_NN,
        target=bakenn.resolve_target("portable32" if portable else target),
    )


def _head(graph: Graph, compiled: Any, count: int, output: int, folder: Path) -> served.Head:
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".c", ".h", ".S")
    }
    cmake = (folder / "bakenn_sources.cmake").read_text()
    report = compiled.memory_report
    marked, layers = _marked(files[f"bknn_{NAME}.c"].decode(), compiled, graph)
    files[f"bknn_{NAME}.c"] = marked.encode()
    return served.Head(
        operators=count,
        output=output,
        files={**files, "invoke.c": INVOKE.encode()},
        layers=layers,
        arena_bytes=report.arena_bytes,
        weights_bytes=report.emitted_constant_payload_bytes,
        needs=served.Needs(
            include=tuple(_listed(cmake, "INCLUDE_DIRS")),
            flags=("-w", *(f"-D{each}" for each in _listed(cmake, "COMPILE_DEFINITIONS"))),
        ),
    )


def _listed(cmake: str, name: str) -> list[str]:
    """Returns the words of a list in the file that BakeNN writes for CMake, paths relative."""
    body = re.search(rf"set\(BAKENN_MODEL_{name}\n(.*?)\)", cmake, re.DOTALL)
    words = (body[1] if body else "").split()
    return [word.strip('"').replace("${CMAKE_CURRENT_LIST_DIR}/", "") for word in words]


def _marked(text: str, compiled: Any, graph: Graph) -> tuple[str, tuple[MarkedLayer, ...]]:
    """Returns (BakeNN's calls with a mark before each, the layers that they are). A model whose
    calls are not recognised is one layer."""
    steps = compiled.plan.steps
    head, middle, body = text.partition("    (void)arena;\n")
    calls, end, rest = body.rpartition("\n}")
    parts = calls.split("\n\n")
    if not middle or not end or len(parts) != len(steps):
        head, middle, body = text.partition(") {\n")
        one = MarkedLayer(0, "", "all", served.macs(graph, graph.operators))
        return f'#include "model.h"\n{head}{middle}    bl_mark(0);\n{body}', (one,)
    layers: list[MarkedLayer] = []
    lines: list[str] = []
    for step, part in zip(steps, parts, strict=True):
        if not re.sub(r"/\*.*?\*/", "", part, flags=re.DOTALL).strip():
            lines.append(part)  # a view of what is there: nothing is computed
            continue
        lines.append(f"    bl_mark({len(layers)});\n{part}")
        layers.append(_layer(len(layers), step, compiled, graph))
    marked = "\n\n".join(lines)
    return f'#include "model.h"\n{head}{middle}{marked}{end}{rest}', tuple(layers)


def _layer(index: int, step: Any, compiled: Any, graph: Graph) -> MarkedLayer:
    """Returns a step of BakeNN as a layer. Its name says which operator it was."""
    found = re.match(r"tflite_(\d+)_", step.name)
    if not found:
        return MarkedLayer(index, "", step.name, 0)
    operator = graph.operators[int(found[1])]
    constants: Mapping[str, Any] = compiled.plan.constants
    used = [getattr(step, field.name) for field in dataclasses.fields(step)]
    size = sum(constants[x].nbytes for x in used if isinstance(x, str) and x in constants)
    name = graph.tensors[operator.outputs[0]].name
    return MarkedLayer(index, operator.name, name, served.macs(graph, [operator]), size)
