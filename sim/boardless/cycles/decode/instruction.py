"""The record that every instruction set is decoded into, and what all sets have in common."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType

from boardless.core.errors import BadInput

MEMORY = ("load", "store", "load_pair", "store_pair", "load_multiple", "store_multiple")
BRANCHES = (
    "branch",  # direct, always
    "branch_conditional",
    "compare_branch",  # compares registers and branches
    "call",
    "branch_register",
    "call_register",
    "return_load",  # loads the program counter
    "table_branch",
    "loop_end",
)
FPU = ("add", "mul", "mac", "fused_mac", "div", "sqrt", "move", "convert", "compare")
KINDS = frozenset(
    (
        *("alu", "shift", "bitfield", "dsp", "nop", "it"),
        *("mul", "mla", "mul_long", "mla_long", "div"),
        *MEMORY,
        *(f"fpu_{kind}" for kind in MEMORY),
        *(f"mve_{kind}" for kind in ("load", "store", "gather", "scatter")),
        *BRANCHES,
        "loop_start",
        *(f"fpu_{kind}" for kind in FPU),
        *(f"fpu64_{kind}" for kind in FPU),
        *("fpu_from_core", "fpu_to_core", "fpu_status"),
        *(
            f"mve_{kind}"
            for kind in ("alu", "mul", "mac", "float", "float_mac", "move", "predicate")
        ),
        *("exclusive", "hint", "barrier", "system", "trap", "unknown"),
    )
)
# What surely touches nothing but registers. Everything else may abort and be executed again.
REGISTER_WORK = frozenset(
    (
        *("alu", "shift", "bitfield", "dsp", "nop", "it", "loop_start"),
        *("mul", "mla", "mul_long", "mla_long", "div"),
        *(kind for kind in BRANCHES if kind not in ("return_load", "table_branch")),
    )
)


@dataclass(frozen=True, slots=True, eq=False)
class Instruction:
    """One instruction, wherever it lies. Registers are bit masks; bit numbers belong to the set.

    Equal bytes decode to the same object, so that comparing and hashing are a matter of identity.
    """

    text: str  # as an assembler writes it; a branch shows its distance
    size: int  # bytes
    kind: str  # of KINDS
    feature: str  # what a core must have to execute it, such as "thumb2" or "dsp"
    reads: int = 0
    writes: int = 0
    address: int = 0  # of `reads`: those an address is made of
    data: int = 0  # of `reads`: what is stored
    accumulator: int = 0  # of `reads`: what is added to a product
    shifted: int = 0  # of `reads`: shifted on the way in
    flags: int = 0  # the bits of `reads` and `writes` that are condition flags
    base: int = 0  # written back: the address register changes, too
    count: int = 1  # registers transferred
    width: int = 0  # bytes of one transfer
    register_offset: bool = False
    literal: bool = False  # loads from constants between code ...
    literal_offset: int = 0  # ... so many bytes from the word after its own
    distance: int | None = None  # of a direct branch, bytes from its own address
    covers: int = 0  # of an IT instruction: how many that follow are conditional
    conditional: bool = False

    @property
    def branches(self) -> bool:
        return self.kind in BRANCHES

    @property
    def always_leaves(self) -> bool:
        """True if fall-through never reaches the next instruction in memory."""
        return self.branches and not self.conditional and self.kind not in MAY_FALL


MAY_FALL = ("branch_conditional", "compare_branch", "loop_end")


def _sets() -> set[str]:
    own = {"instruction", "mve_encodings"}
    return {m.name for m in pkgutil.iter_modules(_path()) if m.name not in own}


def _path() -> list[str]:
    return list(importlib.import_module("boardless.cycles.decode").__path__)


def instruction_set(isa: str) -> ModuleType:
    """The module that decodes `isa`; BadInput names those there are."""
    if isa not in _sets():
        raise BadInput(
            f"unknown instruction set {isa!r}", hint=f"known: {', '.join(sorted(_sets()))}"
        )
    return importlib.import_module(f"boardless.cycles.decode.{isa}")


def instructions(isa: str, address: Sequence[int], content: Sequence[bytes]) -> list[Instruction]:
    """Decodes instruction by instruction; `address` (I,) increases."""
    decoded: list[Instruction] = instruction_set(isa).decode(address, content)
    return decoded


def memory_accesses(isa: str, segments: Iterable[tuple[int, bytes]]) -> list[int]:
    """Addresses of instructions after which a counting segment must end.

    An access to a device stops a block of the emulator in its middle and executes it again.
    `segments` are (address, content) of executable code, possibly with data in between. Every place
    where an instruction may begin is judged: one too many does no harm, a missing one would.
    """
    return [at for segment in segments for at in _may_touch_memory(isa, *segment)]


def _may_touch_memory(isa: str, address: int, content: bytes) -> Iterator[int]:
    decoder = instruction_set(isa)
    for offset in range(0, len(content), decoder.STEP):
        size = decoder.length(content, offset)
        if offset + size > len(content):
            return
        if not decoder.is_register_work(content[offset : offset + size]):
            yield address + offset
