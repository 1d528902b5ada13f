"""MVE."""

from boardless.cycles.decode.instruction import Instruction


def decode(code: bytes) -> Instruction | None:
    return None
