"""Xtensa as in the LX6: core, windowed calls, loops, MUL32, DIV32, single-precision FPU, booleans.

    decode([0], [bytes.fromhex("201180")])[0].text     # "add"

capstone 5 has no Xtensa. The formats are few and regular (Xtensa ISA Reference Manual, chapters 6
and 7), so they are read here. MAC16 and custom instructions (such as those of the ESP32-S3) are
"unknown".
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from boardless.cycles.decode.instruction import REGISTER_WORK, Instruction

STEP = 1
FLOAT_BIT, SHIFT_AMOUNT, BOOLEANS = 16, 1 << 32, 1 << 33
ACCUMULATOR, MAC_BIT = 1 << 34, 35  # of MAC16: 40 bits, and the bit of m0, the first of four


class Fields(NamedTuple):
    """The nibbles of an instruction, lowest first; all of its bits."""

    op0: int
    t: int
    s: int
    r: int
    op1: int
    op2: int
    word: int


RST0 = {1: "and", 2: "or", 3: "xor", 8: "add", 9: "addx2", 10: "addx4", 11: "addx8"}
RST0 |= {12: "sub", 13: "subx2", 14: "subx4", 15: "subx8"}
RST1 = {
    0: "slli",
    1: "slli",
    2: "srai",
    3: "srai",
    4: "srli",
    8: "src",
    9: "srl",
    10: "sll",
    11: "sra",
}
RST2 = {8: "mull", 10: "muluh", 11: "mulsh", 12: "quou", 13: "quos", 14: "remu", 15: "rems"}
RST3 = {2: "sext", 3: "clamps", 4: "min", 5: "max", 6: "minu", 7: "maxu"}
TLB = {3: "ritlb0", 4: "iitlb", 5: "pitlb", 6: "witlb", 7: "ritlb1"}
TLB |= {11: "rdtlb0", 12: "idtlb", 13: "pdtlb", 14: "wdtlb", 15: "rdtlb1"}
MOVES = {8: "moveqz", 9: "movnez", 10: "movltz", 11: "movgez", 12: "movf", 13: "movt"}
LSAI = {0: ("l8ui", 1), 1: ("l16ui", 2), 2: ("l32i", 4), 9: ("l16si", 2), 11: ("l32ai", 4)}
SSAI = {4: ("s8i", 1), 5: ("s16i", 2), 6: ("s32i", 4), 15: ("s32ri", 4)}
FP0 = {0: "add.s", 1: "sub.s", 2: "mul.s", 4: "madd.s", 5: "msub.s", 6: "maddn.s", 7: "divn.s"}
FP0_MOVES = {8: "round.s", 9: "trunc.s", 10: "floor.s", 11: "ceil.s", 14: "utrunc.s"}
BRANCHES = [
    "bnone",
    "beq",
    "blt",
    "bltu",
    "ball",
    "bbc",
    "bbci",
    "bbci",
    "bany",
    "bne",
    "bge",
    "bgeu",
    "bnall",
    "bbs",
    "bbsi",
    "bbsi",
]


def length(content: bytes, offset: int) -> int:
    """Bytes of the instruction that begins there (its lowest nibble tells)."""
    return 2 if 8 <= content[offset] & 15 <= 13 else 3


def is_register_work(content: bytes) -> bool:
    """Returns True if the instruction certainly accesses no memory. A windowed return may trap into
    code that does."""
    return decode_one(content).kind in REGISTER_WORK


def decode(address: Sequence[int], content: Sequence[bytes]) -> list[Instruction]:
    """All of them; a direct call counts from the word it lies in, so its place matters."""
    return [
        decode_one(code, int(at) % 4 if code[0] & 15 == 5 else 0)
        for at, code in zip(address, content, strict=True)
    ]


@lru_cache(maxsize=1 << 16)
def decode_one(code: bytes, place: int = 0) -> Instruction:
    """One instruction at an address that leaves `place` when divided by 4."""
    word = int.from_bytes(code, "little")
    op0, t, s, r, op1, op2 = (word >> shift & 15 for shift in range(0, 24, 4))
    f = Fields(op0, t, s, r, op1, op2, word)
    if len(code) == 2 and 8 <= f.op0 <= 13:
        found = _narrow(f)
    elif len(code) == 3:
        found = READINGS.get(f.op0, _unknown)(f, place)
    else:
        found = None
    if found is None:
        return Instruction(f".byte {code.hex(' ')}", len(code), "unknown", "unknown")
    return found


def _a(number: int) -> int:
    return 1 << number


def _f(number: int) -> int:
    return 1 << (FLOAT_BIT + number)


def _make(
    f: Fields, name: str, kind: str, reads: int = 0, writes: int = 0, **more: int | bool | None
) -> Instruction:
    size = 2 if 8 <= f.op0 <= 13 else 3
    feature = "fpu" if kind.startswith("fpu") else "xtensa"
    return Instruction(name, size, kind, feature, reads, writes, **more)  # type: ignore[arg-type]


def _unknown(f: Fields, place: int) -> Instruction | None:
    return None


def _load(f: Fields, name: str, width: int, base: int, to: int, kind: str = "load") -> Instruction:
    return _make(f, name, kind, base, to, address=base, width=width)


def _store(
    f: Fields, name: str, width: int, base: int, data: int, kind: str = "store"
) -> Instruction:
    return _make(f, name, kind, base | data, 0, address=base, data=data, width=width)


def _narrow(f: Fields) -> Instruction | None:
    if f.op0 == 8:
        return _load(f, "l32i.n", 4, _a(f.s), _a(f.t))
    if f.op0 == 9:
        return _store(f, "s32i.n", 4, _a(f.s), _a(f.t))
    if f.op0 == 10:
        return _make(f, "add.n", "alu", _a(f.s) | _a(f.t), _a(f.r))
    if f.op0 == 11:
        return _make(f, "addi.n", "alu", _a(f.s), _a(f.r))
    if f.op0 == 12:
        if f.t < 8:
            return _make(f, "movi.n", "alu", 0, _a(f.s))
        distance = 4 + ((f.t & 3) << 4 | f.r)
        name = "bnez.n" if f.t & 4 else "beqz.n"
        return _make(f, name, "compare_branch", _a(f.s), distance=distance)
    if f.r == 0:
        return _make(f, "mov.n", "alu", _a(f.s), _a(f.t))
    if f.r == 15 and f.t in (0, 1):
        return _make(f, ("ret.n", "retw.n")[f.t], "branch_register", _a(0))
    if f.r == 15 and f.t == 3:
        return _make(f, "nop.n", "nop")
    return _make(f, "break.n", "trap") if f.r == 15 and f.t == 2 else None


def _qrst(f: Fields, place: int) -> Instruction | None:
    both, to = _a(f.s) | _a(f.t), _a(f.r)
    if f.op1 == 0:
        return _rst0(f)
    if f.op1 == 1 and f.op2 in RST1:
        reads = _a(f.s) if f.op2 in (0, 1) else _a(f.t) if f.op2 in (2, 3, 4) else both
        if f.op2 >= 8:
            reads |= SHIFT_AMOUNT
        return _make(f, RST1[f.op2], "shift", reads, to)
    if f.op1 == 1 and f.op2 in (12, 13):
        return _make(f, "mul16", "mul", both, to)
    if f.op1 == 1 and f.op2 == 6:
        return _make(f, "xsr", "system", _a(f.t), _a(f.t))
    if f.op1 == 2 and f.op2 in RST2:
        kind = "div" if f.op2 >= 12 else "mul" if f.op2 == 8 else "mul_long"
        return _make(f, RST2[f.op2], kind, both, to)
    if f.op1 == 2 and f.op2 <= 4:
        return _make(f, "andb", "alu", BOOLEANS, BOOLEANS)
    if f.op1 == 3:
        return _rst3(f)
    if f.op1 in (4, 5):
        return _make(f, "extui", "bitfield", _a(f.t), to)
    if f.op1 == 8:
        return _indexed(f)
    if f.op1 == 9 and f.op2 in (0, 4):
        return (_load if f.op2 == 0 else _store)(
            f, ("l32e", "s32e")[f.op2 // 4], 4, _a(f.s), _a(f.t)
        )
    if f.op1 == 10:
        return _fp0(f)
    if f.op1 == 11:
        return _fp1(f)
    return None


def _rst0(f: Fields) -> Instruction | None:
    if f.op2 in RST0:
        return _make(f, RST0[f.op2], "alu", _a(f.s) | _a(f.t), _a(f.r))
    if f.op2 == 6:
        return _make(f, "neg" if f.s == 0 else "abs", "alu", _a(f.t), _a(f.r))
    if f.op2 == 4:  # shift amounts, normalisation
        if f.r in (14, 15):
            return _make(f, "nsau", "bitfield", _a(f.s), _a(f.t))
        if f.r in (6, 7, 8):
            return _make(f, "rotw", "system")
        return _make(f, "ssr", "alu", _a(f.s) if f.r != 4 else 0, SHIFT_AMOUNT)
    if f.op2 == 5 and f.r in TLB:  # two write an entry, two forget one, the others answer
        reads, writes = _a(f.s), _a(f.t)
        if f.r in (6, 14):
            reads, writes = reads | writes, 0
        return _make(f, TLB[f.r], "system", reads, 0 if f.r in (4, 12) else writes)
    if f.op2 != 0:
        return None
    if f.r == 0:
        if f.t >> 2 == 2:
            name = ("ret", "retw", "jx", "")[f.t & 3]
            return _make(f, name, "branch_register", _a(0 if name != "jx" else f.s))
        return _make(f, "callx", "call_register", _a(f.s), _a(0)) if f.t >> 2 == 3 else None
    if f.r == 2:
        return _make(f, "nop", "nop") if f.t == 15 else _make(f, "sync", "barrier")
    names = {
        1: ("movsp", "system"),
        3: ("rfe", "trap"),
        4: ("break", "trap"),
        5: ("syscall", "trap"),
    }
    names |= {6: ("rsil", "system"), 7: ("waiti", "system")}
    return _make(f, *names[f.r]) if f.r in names else None


def _rst3(f: Fields) -> Instruction | None:
    both, to = _a(f.s) | _a(f.t), _a(f.r)
    if f.op2 in (0, 14):
        return _make(f, "rsr", "system", 0, _a(f.t) if f.op2 == 0 else to)
    if f.op2 in (1, 15):
        amount = SHIFT_AMOUNT if f.op2 == 1 and f.word >> 8 & 0xFF == 3 else 0
        return _make(f, "wsr", "system", _a(f.t), amount)
    if f.op2 in RST3:
        return _make(f, RST3[f.op2], "bitfield" if f.op2 < 4 else "alu", both, to)
    if f.op2 in MOVES:
        condition = _a(f.t) if f.op2 < 12 else BOOLEANS
        return _make(f, MOVES[f.op2], "alu", _a(f.s) | condition | to, to)
    return None


def _indexed(f: Fields) -> Instruction | None:
    address = _a(f.s) | _a(f.t)
    if f.op2 in (0, 1):
        back = _a(f.s) if f.op2 == 1 else 0
        return _make(
            f, "lsx", "fpu_load", address, _f(f.r) | back, address=address, base=back, width=4,
            register_offset=True,
        )  # fmt: skip
    if f.op2 in (4, 5):
        back = _a(f.s) if f.op2 == 5 else 0
        return _make(
            f, "ssx", "fpu_store", address | _f(f.r), back, address=address, data=_f(f.r),
            base=back, width=4, register_offset=True,
        )  # fmt: skip
    return None


def _fp0(f: Fields) -> Instruction | None:
    both, to = _f(f.s) | _f(f.t), _f(f.r)
    if f.op2 in (0, 1, 2):
        return _make(f, FP0[f.op2], "fpu_mul" if f.op2 == 2 else "fpu_add", both, to)
    if f.op2 in FP0:
        return _make(f, FP0[f.op2], "fpu_mac", both | to, to, accumulator=to)
    if f.op2 in FP0_MOVES:
        return _make(f, FP0_MOVES[f.op2], "fpu_to_core", _f(f.s), _a(f.r))
    if f.op2 in (12, 13):
        return _make(f, "float.s", "fpu_from_core", _a(f.s), to)
    if f.op2 == 15:
        if f.t == 4:
            return _make(f, "rfr", "fpu_to_core", _f(f.s), _a(f.r))
        if f.t == 5:
            return _make(f, "wfr", "fpu_from_core", _a(f.s), to)
        return _make(f, "mov.s" if f.t == 0 else "fp1op", "fpu_move", _f(f.s), to)
    return None


def _fp1(f: Fields) -> Instruction | None:
    if 1 <= f.op2 <= 7:
        return _make(f, "compare.s", "fpu_compare", _f(f.s) | _f(f.t), BOOLEANS)
    if 8 <= f.op2 <= 13:
        condition = _a(f.t) if f.op2 < 12 else BOOLEANS
        return _make(f, "movez.s", "fpu_move", _f(f.s) | condition | _f(f.r), _f(f.r))
    return None


def _l32r(f: Fields, place: int) -> Instruction | None:
    return _make(f, "l32r", "load", 0, _a(f.t), width=4, literal=True)


def _lsai(f: Fields, place: int) -> Instruction | None:
    if f.r in LSAI:
        return _load(f, *LSAI[f.r], _a(f.s), _a(f.t))
    if f.r in SSAI:
        return _store(f, *SSAI[f.r], _a(f.s), _a(f.t))
    if f.r in (12, 13):
        return _make(f, ("addi", "addmi")[f.r - 12], "alu", _a(f.s), _a(f.t))
    if f.r == 10:
        return _make(f, "movi", "alu", 0, _a(f.t))
    if f.r == 14:
        return _make(f, "s32c1i", "exclusive", _a(f.s) | _a(f.t), _a(f.t), address=_a(f.s), width=4)
    return _make(f, "cache", "hint", _a(f.s)) if f.r == 7 else None


def _lsci(f: Fields, place: int) -> Instruction | None:
    back = _a(f.s) if f.r & 8 else 0
    if f.r & 7 == 0:
        to = _f(f.t) | back
        return _make(f, "lsi", "fpu_load", _a(f.s), to, address=_a(f.s), base=back, width=4)
    if f.r & 7 == 4:
        reads, data = _a(f.s) | _f(f.t), _f(f.t)
        return _make(
            f, "ssi", "fpu_store", reads, back, address=_a(f.s), data=data, base=back, width=4
        )
    return None


def _calln(f: Fields, place: int) -> Instruction | None:
    offset = _signed(f.word >> 6, 18)
    window = f.t & 3
    return _make(f, f"call{4 * window}", "call", 0, _a(4 * window), distance=4 * offset + 4 - place)


def _si(f: Fields, place: int) -> Instruction | None:
    n, m = f.t & 3, f.t >> 2
    if n == 0:
        return _make(f, "j", "branch", distance=4 + _signed(f.word >> 6, 18))
    if n == 1:
        name = ("beqz", "bnez", "bltz", "bgez")[m]
        return _make(f, name, "compare_branch", _a(f.s), distance=4 + _signed(f.word >> 12, 12))
    if n == 2 or m >= 2:
        distance = 4 + _signed(f.word >> 16, 8)
        return _make(f, "bxxi", "compare_branch", _a(f.s), distance=distance)
    if m == 0:
        return _make(f, "entry", "system", _a(f.s), _a(1))
    if f.r in (0, 1):
        distance = 4 + _signed(f.word >> 16, 8)
        return _make(f, ("bf", "bt")[f.r], "compare_branch", BOOLEANS, distance=distance)
    if f.r not in (8, 9, 10):
        return None
    return _make(f, "loop", "loop_start", _a(f.s), distance=4 + (f.word >> 16 & 0xFF))


def _b(f: Fields, place: int) -> Instruction | None:
    reads = _a(f.s) if f.r in (6, 7, 14, 15) else _a(f.s) | _a(f.t)
    return _make(f, BRANCHES[f.r], "compare_branch", reads, distance=4 + _signed(f.word >> 16, 8))


# MAC16 multiplies 16 bits of two registers, each an address register or one of m0 to m3.
MAC_OPERANDS = {0: "dd", 1: "dd", 2: "dd", 3: "ad", 4: "da", 5: "da", 6: "da", 7: "aa"}
MAC_LOADS = {0: ".ldinc", 1: ".lddec", 4: ".ldinc", 5: ".lddec"}  # load another operand besides
MAC_WORK = ("umul", "mul", "mula", "muls")
MAC_HALVES = ("ll", "hl", "lh", "hh")


def _mac16(f: Fields, place: int) -> Instruction | None:
    if f.op2 in (8, 9):
        return _mac_load(f, ("ldinc", "lddec")[f.op2 - 8], 0) if f.op1 == 0 else None
    operands = MAC_OPERANDS.get(f.op2)
    adds = f.op1 >= 8
    if operands is None or (f.op2 in MAC_LOADS and f.op1 >> 2 != 2) or (f.op1 < 4 and f.op2 != 7):
        return None
    first = _a(f.s) if operands[0] == "a" else 1 << MAC_BIT + (f.r >> 2 & 1)
    second = _a(f.t) if operands[1] == "a" else 1 << MAC_BIT + 2 + (f.t >> 2 & 1)
    name = f"{MAC_WORK[f.op1 >> 2]}.{operands}.{MAC_HALVES[f.op1 & 3]}"
    reads = first | second | (ACCUMULATOR if adds else 0)
    if f.op2 in MAC_LOADS:
        return _mac_load(f, name + MAC_LOADS[f.op2], reads)
    kind = "mla" if adds else "mul"
    added = ACCUMULATOR if adds else 0
    return _make(f, name, kind, reads, ACCUMULATOR, accumulator=added)


def _mac_load(f: Fields, name: str, reads: int) -> Instruction:
    base, to = _a(f.s), 1 << MAC_BIT + (f.r & 3)
    added = reads & ACCUMULATOR
    places = {"address": base, "base": base, "accumulator": added, "width": 4}
    # Pointer and accumulator are there a cycle later: nobody waits for them as for what is loaded.
    return _make(f, name, "load", reads | base, to, **places)


def _signed(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


READINGS = {0: _qrst, 1: _l32r, 2: _lsai, 3: _lsci, 4: _mac16, 5: _calln, 6: _si, 7: _b}
