"""Our own compiler: every operator of a model becomes a call of a kernel of firmware/kernels.

build = runtimes.load("boardless").build(zoo.find("digits_cnn:int8").graph, boards.load("host"))
"""

from __future__ import annotations

from boardless import __version__
from boardless.core.errors import BadInput
from boardless.device.records import BUILD_ID, MarkedLayer, Sources
from boardless.model import compiler
from boardless.model.compiler import Program
from boardless.runtimes import Wanted

PROFILE = ""  # of any reference that is asked for


def version(variant: str = "") -> str:
    """Returns the version of boardless."""
    if variant:
        raise BadInput(f"the runtime boardless has no variant {variant!r}")
    return f"boardless {__version__}"


def sources(wanted: Wanted) -> Sources:
    """Returns the C of a model for the kernels of a board."""
    version(wanted.variant)
    return translated(
        compiler.compile_graph(
            wanted.graph, wanted.board.variants, fold=wanted.fold, keep_input=wanted.keep_input
        )
    )


def translated(program: Program) -> Sources:
    """Returns the C of a compiled model, and what it computes."""
    files = compiler.emit(program, BUILD_ID)
    return Sources(
        model=program.name,
        files=files,
        layers=marked(program),
        input_bytes=program.input.nbytes,
        output_dtype=program.output.dtype,
        output_count=program.output.count,
        arena_bytes=program.arena.arena_bytes,
        weights_bytes=len(files["weights.bin"]),
        nominal_macs=program.nominal_macs,
        arena_plan=tuple(program.arena.picture()),
        profile=program.profile,
        runtime_version=version(),
    )


def marked(program: Program) -> tuple[MarkedLayer, ...]:
    """Returns the kernel calls as reports show them."""
    return tuple(
        MarkedLayer(x.index, x.op, x.name, x.call.macs, x.call.constant_bytes)
        for x in program.layers
    )
