"""Decides from the bits of an instruction alone whether it may access memory.

A counting segment has to end behind such an instruction: an access to a device stops QEMU's block
in the middle. Too many ends only cost time. Every halfword is judged as if an instruction began
there, so it does not matter where code ends and data begins.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]


def thumb(content: bytes) -> Bools:
    """(halfwords,): Thumb and Thumb-2 with FPU, DSP and MVE. Plain register work is what is listed
    here; all else counts as an access."""
    first = np.frombuffer(content[: len(content) // 2 * 2], "<u2").astype(np.uint32)
    top = first >> 11
    short = top < 0x1D
    byte = first >> 8
    nibble = first >> 12
    plain_short = (
        (nibble <= 3)  # shifts, ADD, SUB, MOV, CMP with immediates
        | (byte >> 3 == 0b01000)  # register arithmetic, BX
        | (nibble == 0xA)  # ADR, ADD SP
        | np.isin(byte, (0xB0, 0xB1, 0xB2, 0xB3, 0xB9, 0xBA, 0xBB, 0xBF))  # ADD SP, CBZ, UXT, IT
        | ((nibble == 0xD) & (byte < 0xDE))  # conditional branches
        | (nibble == 0xE)  # B
    )
    plain_long = (
        np.isin(byte, (0xEA, 0xEB))  # shifted registers
        | (byte == 0xEE)  # FPU and MVE arithmetic and moves
        | (top == 0x1E)  # immediates, branches, system registers
        | np.isin(byte, (0xFA, 0xFB))  # shifts, SIMD, multiplications, divisions
    )
    plain: Bools = np.where(short, plain_short, plain_long)
    return ~plain


def riscv(content: bytes) -> Bools:
    """(halfwords,): RV32 and RV64 with compressed instructions; the plain ones are listed."""
    first = np.frombuffer(content[: len(content) // 2 * 2], "<u2").astype(np.uint32)
    quadrant, kind = first & 3, first >> 13
    plain_short = (
        ((quadrant == 0) & (kind == 0))  # ADDI4SPN
        | (quadrant == 1)  # arithmetic, branches, jumps
        | ((quadrant == 2) & ((kind == 0) | (kind == 4)))  # SLLI; JR, JALR, MV, ADD
    )
    opcodes = (0x13, 0x17, 0x1B, 0x33, 0x37, 0x3B, 0x53, 0x63, 0x67, 0x6F)
    plain: Bools = np.where(quadrant == 3, np.isin(first & 0x7F, opcodes), plain_short)
    return ~plain


KNOWN = {"thumb": thumb, "riscv": riscv}
