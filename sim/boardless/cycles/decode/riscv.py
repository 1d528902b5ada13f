"""RV32IMC (with Zicsr, and F where it occurs), with capstone.

decode([0], [bytes.fromhex("3305b502")])[0].kind     # "mul": mul a0, a0, a1
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import capstone
from capstone import riscv

from boardless.cycles.decode.instruction import REGISTER_WORK, Instruction

STEP = 2
LOADS = {"lb": 1, "lbu": 1, "lh": 2, "lhu": 2, "lw": 4, "lwsp": 4, "flw": 4, "flwsp": 4}
STORES = {"sb": 1, "sh": 2, "sw": 4, "swsp": 4, "fsw": 4, "fswsp": 4}
SHIFTS = {"sll", "slli", "srl", "srli", "sra", "srai"}
PLAIN = {"add", "addi", "sub", "and", "andi", "or", "ori", "xor", "xori", "slt", "slti", "sltu"}
PLAIN |= {"sltiu", "lui", "auipc", "mv", "li", "addi4spn", "addi16sp", "neg", "not", "seqz", "snez"}
PLAIN |= {"sltz", "sgtz"}
MULTIPLY = {"mul": "mul", "mulh": "mul_long", "mulhu": "mul_long", "mulhsu": "mul_long"}
DIVIDE = {"div", "divu", "rem", "remu"}
CONDITIONAL = {"beq", "bne", "blt", "bge", "bltu", "bgeu", "beqz", "bnez", "blez", "bgez", "bltz"}
CONDITIONAL |= {"bgtz", "bgt", "ble", "bgtu", "bleu"}
SYSTEM = ("csr", "rdcycle", "rdtime", "rdinstret")
RA = 1 << 1

_capstone = capstone.Cs(capstone.CS_ARCH_RISCV, capstone.CS_MODE_RISCV32 | capstone.CS_MODE_RISCVC)
_capstone.detail = True


def length(content: bytes, offset: int) -> int:
    """Bytes of the instruction that begins there (its lowest bits tell)."""
    return 4 if content[offset] & 3 == 3 else 2


def is_register_work(content: bytes) -> bool:
    """Returns True if the instruction certainly accesses no memory."""
    return decode_one(content).kind in REGISTER_WORK


def decode(address: Sequence[int], content: Sequence[bytes]) -> list[Instruction]:
    """All of them; an instruction means the same wherever it lies."""
    return [decode_one(code) for code in content]


@lru_cache(maxsize=1 << 16)
def decode_one(code: bytes) -> Instruction:
    """One instruction; "unknown" where it is none of RV32IMC."""
    found = next(_capstone.disasm(code, 0, 1), None)
    if found is None or found.size != len(code):
        return Instruction(f".insn 0x{code[::-1].hex()}", len(code), "unknown", "unknown")
    name = found.mnemonic.removeprefix("c.")
    registers = [
        _mask(found.reg_name(o.reg)) for o in found.operands if o.type == riscv.RISCV_OP_REG
    ]
    memory = [o.mem for o in found.operands if o.type == riscv.RISCV_OP_MEM]
    kind = _kind(name, registers)
    text = f"{found.mnemonic} {found.op_str}".strip()
    feature = "f" if name.startswith("f") and name not in ("fence", "fence.i") else "rv32imc"
    if kind in ("store", "fpu_store"):
        base = _mask(found.reg_name(memory[0].base)) if memory else registers[-1]
        base |= _stack(name)
        data = registers[0]
        return Instruction(
            text, found.size, kind, feature, base | data, 0, base, data, width=STORES[name]
        )
    if kind in ("load", "fpu_load"):
        base = _mask(found.reg_name(memory[0].base)) if memory else registers[-1]
        base |= _stack(name)
        return Instruction(
            text, found.size, kind, feature, base, registers[0], base, width=LOADS[name]
        )
    written, reads = (registers[0] if registers else 0), 0
    two_address = (
        len(registers) < 3 and found.mnemonic.startswith("c.") and name not in ("mv", "li", "lui")
    )
    for mask in registers if two_address else registers[1:]:
        reads |= mask
    if kind in ("compare_branch", "branch_register", "call_register"):
        reads, written = (written | reads), 0
        if kind == "call_register":
            written = RA
    if kind == "call":
        written = RA
    distance = None
    if kind in ("branch", "compare_branch", "call"):
        distance = next(o.imm for o in found.operands if o.type == riscv.RISCV_OP_IMM)
    return Instruction(text, found.size, kind, feature, reads, written & ~1, distance=distance)


def _mask(name: str | None) -> int:
    return NAMES.get(name or "", 0)


def _stack(name: str) -> int:
    return NAMES["sp"] if name.endswith("sp") else 0


def _kind(name: str, registers: Sequence[int]) -> str:
    if name in LOADS:
        return "fpu_load" if name.startswith("f") else "load"
    if name in STORES:
        return "fpu_store" if name.startswith("f") else "store"
    if name in CONDITIONAL:
        return "compare_branch"
    if name in ("j", "jal"):
        return "call" if name == "jal" and (not registers or registers[0] != 0) else "branch"
    if name in ("jr", "ret"):
        return "branch_register"
    if name == "jalr":
        return "branch_register" if len(registers) > 1 and registers[0] == 0 else "call_register"
    for kinds, kind in ((SHIFTS, "shift"), (PLAIN, "alu"), (DIVIDE, "div")):
        if name in kinds:
            return kind
    if name in MULTIPLY:
        return MULTIPLY[name]
    if name == "nop":
        return "nop"
    if name.startswith(SYSTEM):
        return "system"
    if name.startswith(("fence", "wfi")):
        return "barrier"
    if name in ("ecall", "ebreak", "mret", "unimp"):
        return "trap"
    return "unknown"


_INTEGER = "zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11"
_FLOAT = "ft0 ft1 ft2 ft3 ft4 ft5 ft6 ft7 fs0 fs1 fa0 fa1 fa2 fa3 fa4 fa5 fa6 fa7 fs2 fs3 fs4 fs5"
NAMES = {name: 1 << i for i, name in enumerate(f"{_INTEGER} t3 t4 t5 t6".split())} | {
    name: 1 << (32 + i)
    for i, name in enumerate(f"{_FLOAT} fs6 fs7 fs8 fs9 fs10 fs11 ft8 ft9 ft10 ft11".split())
}
NAMES |= {"fp": NAMES["s0"], "zero": 0}
