"""Thumb, Thumb-2, DSP and FPU, with capstone. MVE is in `mve`, which capstone 5 does not know.

decode([0], [bytes.fromhex("10fb0120")])[0].text     # "smlabb r0, r0, r1, r2"
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import capstone
from capstone import arm

from boardless.cycles.decode import mve_encodings
from boardless.cycles.decode.instruction import Instruction

STEP = 2  # bytes: instructions begin at multiples of it
FLAGS, FP_FLAGS = 1 << 16, 1 << 49  # after r0..r15; s0..s31 lie between, MVE predicates above
PC = 1 << 15
FP_BIT = 17
CORE = {f"r{i}": 1 << i for i in range(16)} | {
    "sb": 1 << 9,
    "sl": 1 << 10,
    "fp": 1 << 11,
    "ip": 1 << 12,
    "sp": 1 << 13,
    "lr": 1 << 14,
    "pc": PC,
    "cpsr": FLAGS,
    "apsr": FLAGS,
    "apsr_nzcv": FLAGS,
    "fpscr": FP_FLAGS,
    "fpscr_nzcv": FP_FLAGS,
}
MASKS = (
    CORE
    | {f"s{i}": 1 << (FP_BIT + i) for i in range(32)}
    | {f"d{i}": 0b11 << (FP_BIT + 2 * i) for i in range(16)}
    | {f"q{i}": 0b1111 << (FP_BIT + 4 * i) for i in range(8)}
)

V6M_WIDE = {"bl", "mrs", "msr", "dmb", "dsb", "isb"}
V7M_NARROW = {"cbz", "cbnz", "it"}
V8M = re.compile(r"lda|stl|sg$|tt|bxns|blxns")
DSP = re.compile(
    r"(smla[bt][bt]|smladx?|smlal[bt][bt]|smlaldx?|smlaw[bt]|smlsl?dx?|smml[as]r?|smmulr?|smuadx?"
    r"|smul[bt][bt]|smulw[bt]|smusdx?|umaal|usada?8|pkh(bt|tb)|[su]xta(b|h|b16)|[su]xtb16"
    r"|(q|s|sh|u|uh|uq)(add8|add16|sub8|sub16|asx|sax)|qd?add|qd?sub|sel|[su]sat16)$"
)
MULTIPLY = re.compile(r"(mul|smul[bt][bt]|smulw[bt]|smmulr?|smuadx?|smusdx?)$")
ACCUMULATE = re.compile(r"(mla|mls|smla[bt][bt]|smlaw[bt]|smladx?|smlsdx?|smml[as]r?|usada8)$")
ACCUMULATE_LONG = re.compile(r"(smlal|umlal|umaal|smlal[bt][bt]|smlaldx?|smlsldx?)$")
BITFIELD = {"bfi", "bfc", "ubfx", "sbfx", "rbit", "rev", "rev16", "revsh", "clz"}
EXTEND = {"uxtb", "uxth", "sxtb", "sxth", "ssat", "usat"}
SHIFTS = {"lsl", "lsr", "asr", "ror", "rrx"}
COMPARES = {"cmp", "cmn", "tst", "teq"}
PLAIN = COMPARES | {
    "add",
    "sub",
    "rsb",
    "adc",
    "sbc",
    "and",
    "orr",
    "eor",
    "bic",
    "orn",
    "mov",
    "mvn",
}
PLAIN |= {"movw", "movt", "adr", "addw", "subw"}
CARRY = {"adc", "sbc", "rrx"}
HINTS = {"yield", "wfe", "wfi", "sev", "pld", "pldw", "pli", "hint", "cps", "dbg"}
SYSTEM = {"mrs", "msr"}
BARRIERS = {"dmb", "dsb", "isb"}
TRAPS = {"svc", "bkpt", "udf"}
EXCLUSIVE = re.compile(r"(ldrex|strex|ldaex|stlex|clrex)")
KEEPS_DESTINATION = {"movt", "bfi", "bfc"}
FPU = {
    **dict.fromkeys(("vadd", "vsub", "vneg", "vabs", "vmaxnm", "vminnm"), "add"),
    **dict.fromkeys(("vmul", "vnmul"), "mul"),
    **dict.fromkeys(("vmla", "vmls", "vnmla", "vnmls"), "mac"),
    **dict.fromkeys(("vfma", "vfms", "vfnma", "vfnms"), "fused_mac"),
    **dict.fromkeys(("vseleq", "vselge", "vselgt", "vselvs"), "add"),
    "vdiv": "div",
    "vsqrt": "sqrt",
    **dict.fromkeys(("vcmp", "vcmpe"), "compare"),
}
FPU_V5 = re.compile(r"(vsel|vmaxnm|vminnm|vrint|vcvt[anpm])")
# capstone's older names: vmov with a constant, vmrs to the core's flags; movs of one register
ALIASES = {"fconsts": "vmov", "fconstd": "vmov", "fmstat": "vmrs", "movs": "mov"}
WIDTHS = {"b": 1, "sb": 1, "h": 2, "sh": 2, "bt": 1, "ht": 2, "sbt": 1, "sht": 2}

_capstone = capstone.Cs(
    capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS | capstone.CS_MODE_V8
)
_capstone.detail = True


def length(content: bytes, offset: int) -> int:
    """Bytes of the instruction that begins there (its first halfword tells)."""
    if offset + 2 > len(content):
        return 2
    return 4 if content[offset + 1] >> 3 in (0b11101, 0b11110, 0b11111) else 2


def is_register_work(content: bytes) -> bool:
    """Returns True if the instruction certainly accesses no memory. It looks at the encoding only,
    because it is called for complete images."""
    first = int.from_bytes(content[:2], "little")
    if len(content) == 2:
        if first >> 12 == 0xB:  # all but PUSH, POP, BKPT, CPS and hints
            return first >> 8 not in (0xB4, 0xB5, 0xBC, 0xBD, 0xBE, 0xB6) and first != 0xBF20
        if first >> 12 == 0xD:  # all but UDF and SVC
            return first >> 9 != 0xDE >> 1
        return first >> 12 in (0x0, 0x1, 0x2, 0x3, 0xA, 0xE) or first >> 11 == 0x40 >> 3
    if first >> 11 == 0b11110:  # constants, and BL, B.W, B<c>.W among system instructions
        second = content[3]
        return second < 0x80 or second & 0x10 != 0 or (second & 0x40 == 0 and first >> 7 & 7 != 7)
    top = first >> 8
    return top in (0xEA, 0xEB, 0xEE, 0xEF, 0xFA, 0xFB, 0xFE, 0xFF)


def decode(address: Sequence[int], content: Sequence[bytes]) -> list[Instruction]:
    """All of them; conditions of an IT block reach as far as the block does."""
    found: list[Instruction] = []
    covered, expected = 0, -1
    for at, code in zip(map(int, address), content, strict=True):
        instruction = decode_one(code)
        if at != expected:
            covered = 0
        if covered:
            covered -= 1
            instruction = _in_it_block(code)
        if instruction.covers:
            covered = instruction.covers
        expected = at + instruction.size
        found.append(instruction)
    return found


@lru_cache(maxsize=1 << 16)
def _in_it_block(code: bytes) -> Instruction:
    plain = decode_one(code)
    writes, name = plain.writes, plain.text.split()[0].removesuffix(".w")
    if plain.size == 2 and name not in COMPARES:  # 16 bit: sets flags only outside of IT blocks
        writes &= ~FLAGS
    reads = plain.reads | FLAGS
    return replace(plain, conditional=True, reads=reads, writes=writes, flags=plain.flags | FLAGS)


@lru_cache(maxsize=1 << 16)
def decode_one(code: bytes) -> Instruction:
    """Decodes one instruction, as if outside of an IT block."""
    vector = mve_encodings.decode(code)
    if vector is not None:
        return vector
    found = next(_capstone.disasm(code, 0, 1), None)
    if found is None or found.size != len(code):
        return Instruction(f".inst 0x{code[::-1].hex()}", len(code), "unknown", "unknown")
    return _Reading(found).instruction()


class _Reading:
    """Turns what capstone says into our record."""

    def __init__(self, found: Any) -> None:
        self.found = found
        self.name: str = found.insn_name() or found.mnemonic
        self.name = ALIASES.get(self.name, self.name)
        for plain in ("nop", "vmov"):  # a hint, and moves of lanes, by another name
            if found.mnemonic.startswith(plain):
                self.name = plain
        self.operands = found.operands
        self.registers = [
            MASKS.get(found.reg_name(op.reg) or "", 0) if op.type == arm.ARM_OP_REG else 0
            for op in self.operands
        ]
        self.memory = next((op for op in self.operands if op.type == arm.ARM_OP_MEM), None)
        read, written = found.regs_access()
        self.read = self._mask(read)
        self.written = self._mask(written)

    def _mask(self, registers: Any) -> int:
        mask = 0
        for number in registers:
            mask |= MASKS.get(self.found.reg_name(number), 0)
        return mask

    def instruction(self) -> Instruction:
        kind = self.kind()
        fields: dict[str, Any] = {}
        destinations = self.destinations(kind)
        reads, writes = self.read, self.written
        for i, mask in enumerate(self.registers):
            if i < destinations:
                writes |= mask
            else:
                reads |= mask
        if kind == "call":
            writes |= CORE["lr"]
        if self.found.update_flags or self.name in COMPARES:
            writes |= FLAGS
        if self.name in CARRY or kind == "branch_conditional":
            reads |= FLAGS
        if self.name in KEEPS_DESTINATION:
            reads |= self.registers[0]
        if self.name == "vmrs":
            reads |= FP_FLAGS
        if kind.endswith(("_mac", "fused_mac")):
            fields["accumulator"] = self.registers[0]
        elif kind == "mla":
            fields["accumulator"] = self.registers[3]
        elif kind == "mla_long":
            fields["accumulator"] = self.registers[0] | self.registers[1]
        reads |= fields.get("accumulator", 0)
        if self.memory is not None:
            fields |= self.memory_fields(kind)
        elif "multiple" in kind or kind == "return_load":
            fields |= self.list_fields(kind)
            if "load" in kind:
                writes |= fields.pop("listed")
                reads &= fields["address"]
            else:
                fields["data"] = fields.pop("listed")
                reads |= fields["data"]
                writes = fields["base"]
        reads |= fields.get("address", 0) | fields.get("data", 0)
        writes |= fields.get("base", 0)
        shifted = 0
        for mask, operand in zip(self.registers, self.operands, strict=True):
            if operand.shift.type != arm.ARM_SFT_INVALID and kind not in ("shift", "load", "store"):
                shifted |= mask
        return Instruction(
            text=f"{self.found.mnemonic} {self.found.op_str}".strip(),
            size=self.found.size,
            kind=kind,
            feature=self.feature(kind),
            reads=reads,
            writes=writes & ~(PC if kind not in ("alu",) else 0),
            shifted=shifted,
            flags=(reads | writes) & (FLAGS | FP_FLAGS),
            distance=self.distance(kind),
            covers=len(self.found.mnemonic) - 1 if kind == "it" else 0,
            **fields,
        )

    def kind(self) -> str:
        name = self.name
        groups = self.found.groups
        if name.startswith("v"):
            return self.fpu_kind()
        if name in ("b", "cbz", "cbnz", "bl", "blx", "bx", "tbb", "tbh", "bxns", "blxns"):
            return self.branch_kind()
        if name in ("push", "pop", "ldm", "stm", "ldmdb", "stmdb") or name.startswith(
            ("ldm", "stm")
        ):
            if name.startswith(("ldm", "pop")):
                to_pc = any(mask & PC for mask in self.registers)
                return "return_load" if to_pc else "load_multiple"
            return "store_multiple"
        if name == "it":
            return "it"
        if name == "nop":
            return "nop"
        if EXCLUSIVE.match(name):
            return "exclusive"
        if name in HINTS or name.startswith(("pld", "cps")):
            return "hint"
        if name in SYSTEM:
            return "system"
        if name in BARRIERS:
            return "barrier"
        if name in TRAPS or capstone.CS_GRP_INT in groups:
            return "trap"
        if name in ("ldrd", "strd"):
            return "load_pair" if name == "ldrd" else "store_pair"
        if name.startswith(("ldr", "lda")):
            return "return_load" if self.registers[0] & PC else "load"
        if name.startswith(("str", "stl")):
            return "store"
        return self.register_kind()

    def register_kind(self) -> str:
        name = self.name
        if name in ("sdiv", "udiv"):
            return "div"
        if name in ("smull", "umull"):
            return "mul_long"
        if MULTIPLY.match(name):
            return "mul"
        if ACCUMULATE.match(name):
            return "mla"
        if ACCUMULATE_LONG.match(name):
            return "mla_long"
        if name in BITFIELD:
            return "bitfield"
        if name in EXTEND or DSP.match(name):
            return "dsp"
        if name in SHIFTS:
            return "shift"
        if name in PLAIN:
            if self.registers and self.registers[0] & PC and name in ("mov", "add"):
                return "branch_register"
            return "alu"
        return "unknown"

    def branch_kind(self) -> str:
        name = self.name
        if name == "b":
            plain = self.found.cc in (arm.ARM_CC_AL, arm.ARM_CC_INVALID)
            return "branch" if plain else "branch_conditional"
        return {
            "cbz": "compare_branch",
            "cbnz": "compare_branch",
            "bl": "call",
            "bx": "branch_register",
            "bxns": "branch_register",
            "blx": "call_register",
            "blxns": "call_register",
            "tbb": "table_branch",
            "tbh": "table_branch",
        }[name]

    def fpu_kind(self) -> str:
        name = self.name
        core = [bool(mask & 0xFFFF) for mask in self.registers]
        if name.startswith(("vldm", "vpop")):
            return "fpu_load_multiple"
        if name.startswith(("vstm", "vpush")):
            return "fpu_store_multiple"
        if name in ("vldr", "vstr"):
            return "fpu_load" if name == "vldr" else "fpu_store"
        if name in ("vmrs", "vmsr"):
            return "fpu_status"
        double = "fpu64" if ".f64" in self.found.mnemonic else "fpu"
        if name == "vmov":
            if any(core):
                return "fpu_to_core" if core[0] else "fpu_from_core"
            return f"{double}_move"
        if name.startswith(("vcvt", "vrint")):
            return f"{double}_convert"
        if name in FPU:
            return f"{double}_{FPU[name]}"
        return "unknown"

    def destinations(self, kind: str) -> int:
        if kind in ("store", "store_pair", "fpu_store", "store_multiple", "fpu_store_multiple"):
            return 0
        if kind in ("compare_branch", "branch_register", "call_register", "table_branch"):
            return 0
        if kind.endswith("_compare") or self.name in COMPARES or self.name in ("msr", "vmsr"):
            return 0
        if kind in ("mul_long", "mla_long", "load_pair"):
            return 2
        if kind == "fpu_to_core" and len(self.registers) > 2:
            return 2
        if kind in ("load_multiple", "fpu_load_multiple", "return_load"):
            return len(self.registers)
        return 1

    def memory_fields(self, kind: str) -> dict[str, Any]:
        mem = self.memory.mem  # type: ignore[union-attr]
        base = MASKS.get(self.found.reg_name(mem.base) or "", 0) if mem.base else 0
        index = MASKS.get(self.found.reg_name(mem.index) or "", 0) if mem.index else 0
        stored = 0
        if "store" in kind or self.name.startswith("strex"):
            for mask in self.registers[: 2 if "pair" in kind else 1]:
                stored |= mask
        suffix = self.name[3:] if self.name.startswith(("ldr", "str")) else ""
        double = kind.startswith("fpu") and bin(self.registers[0]).count("1") == 2
        return {
            "address": (base | index) & ~PC,
            "data": stored,
            "base": base if self.found.writeback else 0,
            "count": 2 if "pair" in kind or double else 1,
            "width": WIDTHS.get(suffix, 4),
            "register_offset": bool(index),
            "literal": bool(base & PC),
            "literal_offset": mem.disp if base & PC else 0,
        }

    def list_fields(self, kind: str) -> dict[str, Any]:
        implied = self.name in ("push", "pop", "vpush", "vpop")
        base = CORE["sp"] if implied else self.registers[0]
        listed = 0
        for mask in self.registers if implied else self.registers[1:]:
            listed |= mask
        return {
            "listed": listed,
            "address": base,
            "base": base if implied or self.found.writeback else 0,
            "count": bin(listed).count("1"),
            "width": 4,
        }

    def distance(self, kind: str) -> int | None:
        if kind not in ("branch", "branch_conditional", "compare_branch", "call"):
            return None
        operand = self.operands[-1]
        if operand.type != arm.ARM_OP_IMM:
            return None
        distance = int(operand.imm) & 0xFFFFFFFF
        return distance - (1 << 32) if distance >> 31 else distance

    def feature(self, kind: str) -> str:
        name, size = self.name, self.found.size
        if kind == "unknown":
            return "unknown"
        if V8M.match(name):
            return "v8m"
        if kind.startswith("fpu"):
            if kind.startswith("fpu64") and kind != "fpu64_move":
                return "fpu64"
            return "fpu_v5" if FPU_V5.match(name) else "fpu"
        if DSP.match(name):
            return "dsp"
        if (size == 2 and name not in V7M_NARROW) or name in V6M_WIDE:
            return "thumb"
        return "thumb2"
