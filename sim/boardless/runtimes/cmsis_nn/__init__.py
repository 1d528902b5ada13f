"""Direct calls of CMSIS-NN from our own graph: our compiler plans the arena and emits the calls;
CMSIS-NN, out of a checkout that the user names, computes what it has kernels for.

build = runtimes.load("cmsis_nn").build(graph, board)

A file calls/KERNEL.c is a function with the parameters of our kernel of that name, and takes its
place. What has none is computed by our kernels; a note of the run says so.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from boardless.core import paths
from boardless.core.errors import BadInput, ToolMissing
from boardless.core.store import Store
from boardless.device import once
from boardless.device.build import check_path
from boardless.device.records import Board, Sources
from boardless.model import compiler
from boardless.runtimes import Wanted, asking, boardless, cmsis, served, version_of
from boardless.runtimes.calls import notes, redirected

PROFILE = "tflm"  # products are rounded twice
VARIABLE = "BOARDLESS_CMSIS_NN"
CALLS = Path(__file__).parent / "calls"
HEADER = "cmsis_nn_calls.h"
FLAGS = ("-w", "-DARM_NN_ENABLE_F16=0", "-DARM_NN_ENABLE_F32=0")
ASKS = b"#define BL_CMSIS_ASKS 1\n"  # before the header that all calls include
BUFFER = """
/* {version} */
#include "cmsis_nn_calls.h"

uint8_t bl_cmsis_buffer[{bytes}] __attribute__((aligned(16)));
int32_t bl_cmsis_needed;
"""
# The model is in the file that asks, under other names: nobody else calls it.
QUESTION = """\
#include <string.h>

#include "runtime.h"

#define bl_mark(layer) ((void)(layer))
#define bl_model_invoke bl_asked_invoke
#define bl_the_model bl_the_asked
#include "asked.h"
#undef bl_mark
#undef bl_model_invoke
#undef bl_the_model

bl_status bl_runtime_invoke(const void *input, void *output) {
  (void)input;
  const bl_status status = bl_asked_invoke();
  memcpy(output, &bl_cmsis_needed, sizeof bl_cmsis_needed);
  return status;
}
"""


def version(variant: str = "") -> str:
    """Returns the checkout's revision and a digest of its sources."""
    if variant:
        raise BadInput(f"the runtime cmsis_nn has no variant {variant!r}")
    root = _checkout()
    return version_of.described("CMSIS-NN", root, version_of.files(root, ("Include", "Source")))


def variants(board: Board) -> tuple[str, ...]:
    """Returns nothing where there is no checkout, or where the core is none of Arm's."""
    return ("",) if os.environ.get(VARIABLE) and _is_arm(board) else ()


def sources(wanted: Wanted) -> Sources:
    """Returns the C of a model."""
    named, root, board = version(wanted.variant), _checkout(), wanted.board
    if not _is_arm(board):
        raise BadInput(f"CMSIS-NN is for Arm's cores, not for {board.core}", where=board.name)
    # CMSIS-NN does not say in which order it reads and writes.
    program = compiler.compile_graph(
        wanted.graph, (), fold=wanted.fold, overlap=False, keep_input=wanted.keep_input
    )
    made = boardless.translated(program)
    text, calls = redirected(made.files["model.c"].decode(), CALLS, "bl_cmsis_")
    if not calls:
        raise BadInput("CMSIS-NN has a kernel for none of its layers", where=program.name)
    files = {f"{name}.c": (CALLS / f"{name}.c").read_bytes() for name in calls}
    files[HEADER] = (CALLS / HEADER).read_bytes()
    needs = served.Needs(
        include=(str(root / "Include"), str(root)),
        flags=(*FLAGS, f"-ffile-prefix-map={root}=CMSIS-NN"),
        sources=tuple(
            str(path)
            for path in sorted(cmsis.called(root, (), [x.decode() for x in files.values()]))
        ),
    )
    size = _buffer_bytes(text, {**made.files, **files}, needs, board, program.name, named)
    files |= {
        "model.c": (text + BUFFER.format(bytes=size or 1, version=named)).encode(),
        "build.json": needs.as_json(),
    }
    return dataclasses.replace(
        made,
        files={**made.files, **files},
        arena_bytes=made.arena_bytes + size,
        runtime="cmsis_nn",
        runtime_version=named,
        notes=notes(program, calls),
    )


def _checkout() -> Path:
    named = os.environ.get(VARIABLE, "")
    if not named:
        raise ToolMissing(
            "cmsis_nn needs a checkout of CMSIS-NN", hint=f"set {VARIABLE} to its folder"
        )
    root = Path(named).absolute()
    check_path(root, "move the checkout to another folder")
    for needed in ("Include/arm_nnfunctions.h", "Source"):
        if not (root / needed).exists():
            raise ToolMissing(
                f"this is no checkout of CMSIS-NN: {needed} is not there",
                where=f"{VARIABLE}={named}",
            )
    return root


def _is_arm(board: Board) -> bool:
    return board.toolchain.prefix.startswith("arm-")


def _buffer_bytes(
    text: str,
    files: dict[str, bytes],
    needs: served.Needs,
    board: Board,
    name: str,
    named: str,
) -> int:
    """Returns how large a buffer the calls need, which CMSIS-NN says on the core itself."""
    asking_files = {
        key: value for key, value in files.items() if key not in ("model.c", "model_config.h")
    }
    asking_files |= {
        "asked.h": (text + BUFFER.format(bytes=1, version=named)).encode(),
        "question.c": QUESTION.encode(),
        HEADER: ASKS + files[HEADER],
    }
    build = asking.built(
        name, board, asking_files, needs, answer_bytes=4, runtime="cmsis_nn-buffer", version=named
    )
    store = Store(paths.build_root() / "arenas")
    answer = store.get(build.build_id)
    if not isinstance(answer, int):
        answer = int.from_bytes(once.answer(build, bytes(asking.QUESTION_BYTES)), "little")
        store.put(build.build_id, answer)
    return answer
