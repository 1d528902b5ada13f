"""Direct calls of ESP-NN from our own graph: our compiler plans the arena and emits the calls;
ESP-NN, out of a checkout that the user names, computes what it has kernels for.

build = runtimes.load("esp_nn").build(graph, board)

A file calls/KERNEL.c is a function with the parameters of our kernel of that name, and takes its
place. What has none is computed by our kernels; a note of the run says so.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from boardless.core.errors import BadInput
from boardless.device.records import Board, Sources
from boardless.model import compiler
from boardless.runtimes import Wanted, boardless, checkouts, served
from boardless.runtimes.calls import notes, redirected

PROFILE = "tflm"  # products are rounded twice
VARIABLE = "BOARDLESS_ESP_NN"
CALLS = Path(__file__).parent / "calls"
HEADERS = (
    *("include/esp_nn.h", "include/esp_nn_ansi_headers.h", "include/esp_nn_defs.h"),
    *("include/esp_nn_generic_opt.h", "src/common/common_functions.h"),
    "src/softmax/softmax_common.h",
)
KERNELS = (
    *("src/convolution/esp_nn_conv_ansi.c", "src/convolution/esp_nn_conv_opt.c"),
    "src/convolution/esp_nn_depthwise_conv_ansi.c",
    "src/convolution/esp_nn_depthwise_conv_opt.c",
    *("src/pooling/esp_nn_avg_pool_ansi.c", "src/pooling/esp_nn_max_pool_ansi.c"),
    "src/softmax/esp_nn_softmax_opt.c",
)
IN_C = "ESP-NN's kernels in C: those in assembly are for the ESP32-S3 and the ESP32-P4"
XTENSA = "xtensa-"
FLAGS = ("-w", "-DCONFIG_NN_OPTIMIZED", "-Dprintf=bl_esp_says")


def version(variant: str = "") -> str:
    """Returns the checkout's revision and a digest of the sources that are used."""
    if variant:
        raise BadInput(f"the runtime esp_nn has no variant {variant!r}")
    return _checkout().version((*HEADERS, *KERNELS))


def variants(board: Board) -> tuple[str, ...]:
    """Returns nothing where there is no checkout, or where the core is none of Espressif's."""
    return ("",) if checkouts.is_named(VARIABLE) and _is_espressifs(board) else ()


def sources(wanted: Wanted) -> Sources:
    """Returns the C of a model."""
    named, checkout, board = version(wanted.variant), _checkout(), wanted.board
    if not _is_espressifs(board):
        raise BadInput(
            f"esp_nn is for Espressif's cores, not for {board.core}", where=f"board {board.name}"
        )
    # ESP-NN does not say in which order it reads and writes.
    program = compiler.compile_graph(
        wanted.graph, (), fold=wanted.fold, overlap=False, keep_input=wanted.keep_input
    )
    made = boardless.translated(program)
    text, calls = redirected(made.files["model.c"].decode(), CALLS, "bl_esp_")
    if not calls:
        raise BadInput("ESP-NN has a kernel for none of its layers", where=program.name)
    arch = ("-DCONFIG_IDF_TARGET_ARCH_XTENSA=1",) if _is_xtensa(board) else ()
    theirs = checkout.files((*HEADERS, *KERNELS))
    files = {f"esp_nn/{name.rpartition('/')[2]}": content for name, content in theirs.items()}
    for path in (CALLS / "esp_nn_calls.h", CALLS / "says.c", *(CALLS / f"{x}.c" for x in calls)):
        files[path.name] = path.read_bytes()
    files["model.c"] = text.encode()
    files["build.json"] = served.Needs(include=("esp_nn",), flags=(*FLAGS, *arch)).as_json()
    return dataclasses.replace(
        made,
        files={**made.files, **files},
        runtime="esp_nn",
        runtime_version=named,
        notes=(IN_C, *notes(program, calls)),
    )


def _checkout() -> checkouts.Checkout:
    return checkouts.find(VARIABLE, "ESP-NN", needed=HEADERS[0])


def _is_xtensa(board: Board) -> bool:
    return board.toolchain.prefix.startswith(XTENSA)


def _is_espressifs(board: Board) -> bool:
    return board.core.startswith("esp32")
