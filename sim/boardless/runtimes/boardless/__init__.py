"""Our own compiler: every operator of a model becomes a call of a kernel of firmware/kernels.

build = runtimes.load("boardless").build(zoo.find("digits_cnn:int8").graph, boards.load("host"))

The variant boardless:ram copies the weights into RAM when the firmware starts: RAM never waits, so
layers that read each weight once, as dense ones do, need less time.
"""

from __future__ import annotations

from boardless import __version__
from boardless.core.errors import BadInput
from boardless.device.records import BUILD_ID, OURS, MarkedLayer, Sources
from boardless.model import compiler
from boardless.model.compiler import Program
from boardless.runtimes import Wanted

PROFILE = ""  # of any reference that is asked for
IN_RAM = "ram"  # the variant


def version(variant: str = "") -> str:
    """Returns the version of boardless."""
    if variant not in ("", IN_RAM):
        what = f"the runtime boardless has no variant {variant!r}"
        raise BadInput(what, hint=f"known: {IN_RAM}, which keeps weights in RAM")
    return f"boardless {__version__}"


def sources(wanted: Wanted) -> Sources:
    """Returns the C of a model for the kernels of a board."""
    version(wanted.variant)
    program = compiler.compile_graph(
        wanted.graph, wanted.board.variants, fold=wanted.fold, keep_input=wanted.keep_input
    )
    return translated(program, wanted.variant)


def translated(program: Program, variant: str = "") -> Sources:
    """Returns the C of a compiled model, and what it computes."""
    files = compiler.emit(program, BUILD_ID, weights_in_ram=variant == IN_RAM)
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
        runtime=f"{OURS}:{variant}" if variant else OURS,
        runtime_version=version(),
    )


def marked(program: Program) -> tuple[MarkedLayer, ...]:
    """Returns the kernel calls as reports show them."""
    return tuple(
        MarkedLayer(x.index, x.op, x.name, x.call.macs, x.call.constant_bytes)
        for x in program.layers
    )
