"""The ELF of a firmware that boardless has not built, as a Build.

build = described(Path("fw.elf"), boards.load("mps2-an386"), model.graph, region="begin:end")

Its memory is read off the ELF. Its layers, arena and weights are not known.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from boardless.core.errors import BadInput, BoardlessError
from boardless.cycles import image
from boardless.device.counting import bare
from boardless.device.elf import sections
from boardless.device.records import Board, Build, Foreign
from boardless.model import ports
from boardless.model.compiler import fold, quantise
from boardless.model.graph import Graph, Tensor

ISAS = {"arm": "thumb", "riscv": "riscv", "xtensa": "xtensa"}  # how a compiler's name begins
NOT_SAID = "unknown"


def described(
    elf: Path, board: Board, graph: Graph, region: str | None = None, *, uint8: bool = False
) -> Build:
    """Returns the firmware `elf` of the model `graph` on `board`. `region` is BEGIN:END, symbols or
    addresses, and is executed once in each inference. With `uint8` the firmware takes 128 more than
    an int8 model does. BadInput where the ELF is for another processor."""
    loaded = image.load(elf)
    wanted = next(
        (isa for name, isa in ISAS.items() if board.toolchain.prefix.startswith(name)), ""
    )
    if loaded.isa != wanted:
        what = f"an ELF for {loaded.isa}, and board {board.name} runs {wanted or 'no such ELF'}"
        raise BadInput(what, where=str(elf), hint="name its board with --board")
    source, target = _port(graph, graph.inputs, "inputs"), _port(graph, graph.outputs, "outputs")
    q = quantise.of(target)
    foreign = Foreign(
        input=_text(source, uint8),
        output=_text(target),
        output_dtype=target.dtype,
        output_count=target.count,
        scale=q.scale,
        zero_point=q.zero_point,
        unsigned_input=uint8 or source.own_dtype == "uint8",
        unsigned_output=target.own_dtype == "uint8",
        region=bare.region(loaded, region) if region else None,
    )
    flash, ram = sections(elf, board)
    macs = 0
    with contextlib.suppress(BoardlessError):  # of operators that no kernel of ours knows
        macs = fold.macs(graph)
    return Build(
        model=graph.name,
        board=board,
        elf=elf.absolute(),
        build_id=hashlib.sha256(elf.read_bytes()).hexdigest()[:16],
        toolchain=compiler(elf),
        layers=(),
        input_bytes=source.nbytes,
        output_dtype=target.dtype,
        output_count=target.count,
        arena_bytes=0,
        weights_bytes=0,
        code_bytes=flash,
        flash_bytes=flash,
        static_ram_bytes=ram,
        seconds=0.0,
        nominal_macs=macs,
        profile=graph.profile,
        foreign=foreign,
        runtime="",
    )


def compiler(elf: Path) -> str:
    """Returns the compiler that an ELF names, the first where there are several."""
    with image.opened(elf) as opened:
        section = opened.get_section_by_name(".comment")
        data = section.data() if section and section["sh_size"] < 1 << 16 else b""
    text = data.partition(b"\0")[0].decode("ascii", "replace").strip()
    return text if text.isprintable() and text else NOT_SAID


def _port(graph: Graph, numbers: tuple[int, ...], what: str) -> Tensor:
    return ports.joined([graph.tensors[number] for number in numbers], what)


def _text(tensor: Tensor, uint8: bool = False) -> str:
    own = "uint8" if uint8 else tensor.own_dtype
    return f"{own} {tensor.type_and_shape.partition(' ')[2]}"
