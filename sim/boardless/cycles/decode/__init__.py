"""Instructions as the cycle models see them: what kind, which registers, which memory.

    instructions("thumb", [0x8000], [bytes.fromhex("0844")])[0].kind     # "alu"

One module per instruction set, found by its name. What a module does not know gets the kind
"unknown", which no core has a price for: nothing is guessed.
"""

from __future__ import annotations

from boardless.cycles.decode.instruction import KINDS, Instruction, instructions, memory_accesses

__all__ = ["KINDS", "Instruction", "instructions", "memory_accesses"]
