"""MVE and the other additions of Armv8.1-M by encoding: capstone 5 takes them for something else.

    decode(bytes.fromhex("90ed001e")).kind     # "mve_load": vldrb.u8 q0, [r0]

Only what a cycle model needs: the kind and the registers. Armv8-M ARM (DDI 0553), chapter C2, gives
the encodings. What is not in here and not known to capstone is "unknown", and refused.
"""

from __future__ import annotations

from boardless.cycles.decode.instruction import Instruction

FLAGS, PREDICATE = 1 << 16, 1 << 50
LR = 1 << 14
FP_BIT = 17


def decode(code: bytes) -> Instruction | None:
    """An instruction of Armv8.1-M, or None where it is none."""
    if len(code) != 4:
        return None
    high, low = int.from_bytes(code[:2], "little"), int.from_bytes(code[2:], "little")
    found = _loops(high, low)
    for reading in (_conditional_selects, _transfers, _arithmetic, _like_neon):
        found = found or reading(high, low)
    return found


def _vector(number: int) -> int:
    return 0b1111 << (FP_BIT + 4 * number) if number < 8 else 0


def _core(number: int) -> int:
    return 1 << number if number < 15 else 0


def _instruction(
    text: str, kind: str, high: int, low: int, **fields: int | bool | None
) -> Instruction:
    feature = "lob" if kind in ("loop_start", "loop_end") or not kind.startswith("mve") else "mve"
    if kind.startswith("mve_float"):
        feature = "mve_float"
    shown = f"{text} (0x{high:04x}{low:04x})"
    return Instruction(shown, 4, kind, feature, **fields)  # type: ignore[arg-type]


def _loops(high: int, low: int) -> Instruction | None:
    """DLS, WLS, LE, LCTP and their tail-predicated forms, VCTP."""
    if high & 0xFF80 != 0xF000 or low & 0x8000 == 0:
        return None
    source, distance = _core(high & 15), (low & 0x7FE) << 1 | (low >> 11 & 1) << 1
    if low & 0xF801 == 0xE801 and not high & 0x40:
        return _instruction("vctp", "mve_predicate", high, low, reads=source, writes=PREDICATE)
    if low & 0xF001 == 0xC001:
        if high & 15 == 15:
            back = 4 - distance
            return _instruction(
                "le", "loop_end", high, low, reads=LR, writes=LR, distance=back, conditional=True
            )
        return _instruction("wls", "loop_start", high, low, reads=source, writes=LR)
    if low == 0xE001:
        return _instruction("dls", "loop_start", high, low, reads=source, writes=LR)
    return None


def _conditional_selects(high: int, low: int) -> Instruction | None:
    """CSEL and its kin, CLRM, shifts of two registers: where ORRS and LDM have no meaning."""
    if high == 0xE89F:
        return _instruction("clrm", "alu", high, low, writes=low & 0x7FFF)
    if high & 0xFFF0 != 0xEA50:
        return None
    if low & 0xC000 == 0x8000:
        reads = _core(high & 15) | _core(low & 15) | FLAGS
        return _instruction(
            "csel", "alu", high, low, reads=reads, writes=_core(low >> 8 & 15), flags=FLAGS
        )
    if low & 0x800D == 0x000D:
        both = _core(high & 14) | _core(low >> 8 & 14 | 1)
        return _instruction("asrl", "shift", high, low, reads=both, writes=both)
    return None


def _transfers(high: int, low: int) -> Instruction | None:
    """Loads, stores, gather, scatter, and VMOV of two lanes."""
    if high & 0xEE00 != 0xEC00 or low & 0x0E00 != 0x0E00:
        return None
    vector, base = _vector(low >> 13 | (high >> 6 & 1) << 3), _core(high & 15)
    before, back, load = high >> 8 & 1, high >> 5 & 1, high >> 4 & 1
    if not before and not back and not high & 0x80:  # VMOV of two lanes
        lanes = _vector(low >> 13)
        registers = _core(high & 15) | _core(low & 15)
        ends = (lanes, registers) if load else (registers, lanes)
        return _instruction("vmov", "mve_move", high, low, reads=ends[0], writes=ends[1])
    by_vector = high & 0xFF00 == 0xFD00 and bool(low & 0x1000)
    interleaved = high & 0xFF00 == 0xFC00 and bool(low & 0x1000)
    gathers = by_vector or (not before and not back and not interleaved)
    address = _vector(high >> 1 & 7) if by_vector else base
    if gathers and not by_vector:
        address |= _vector(low >> 1 & 7)
    name = "gather" if gathers and load else "scatter" if gathers else "load" if load else "store"
    written_back = base if back and not by_vector else 0
    writes = (vector if load else 0) | written_back
    return _instruction(
        f"v{'ld' if load else 'st'}r",
        f"mve_{name}",
        high,
        low,
        reads=address | (0 if load else vector),
        writes=writes,
        address=address,
        data=0 if load else vector,
        base=written_back,
        count=4,
        width=4,
    )


def _arithmetic(high: int, low: int) -> Instruction | None:
    """Decodes the encodings in the space of coprocessors 14 and 15."""
    if high & 0xFFEF == 0xEEED and low & 0x0FFF == 0x0A10:  # VMSR and VMRS of P0
        core = _core(low >> 12)
        ends = (PREDICATE, core) if high & 0x10 else (core, PREDICATE)
        return _instruction("vmrs p0", "mve_predicate", high, low, reads=ends[0], writes=ends[1])
    if high & 0xEF00 != 0xEE00 or low & 0x0E00 != 0x0E00:
        return None
    to, left = (
        _vector(low >> 13 | (high >> 6 & 1) << 3),
        _vector(high >> 1 & 7 | (low >> 7 & 1) << 3),
    )
    right = _vector(low >> 1 & 7 | (low >> 5 & 1) << 3)
    if high & 0x80 and not low & 0x40:  # sums across a vector, into one or two core registers
        upper = high >> 3 & 14 | 1  # r13 or r15 there: no second register
        core = _core(low >> 12 & 14) | (_core(upper) if upper < 13 else 0)
        adds = core if low & 0x20 else 0
        reads = left | right | adds
        return _instruction(
            "vmladav", "mve_mac", high, low, reads=reads, writes=core, accumulator=adds
        )
    if high & 0xFF81 == 0xFE01 and low & 0x0F00 == 0x0F00:  # VCMP, VPT, VPST, VPSEL
        reads = left | right | PREDICATE
        return _instruction("vcmp", "mve_predicate", high, low, reads=reads, writes=PREDICATE)
    if low & 0x0F40 == 0x0E40 and not high & 0x80:
        if low & 0x1FF0 in (0x1E60, 0x1EE0) and high & 1:
            kind = "mve_alu"  # shifts by a register, bit reversals
        else:
            kind = "mve_float_mac" if high & 0x31 == 0x31 else "mve_mac"
        reads = to | left | _core(low & 15)
        return _instruction("vmla", kind, high, low, reads=reads, writes=to, accumulator=to)
    if low & 0x0F40 == 0x0F40 and not high & 0x80:
        kind = "mve_float" if high & 0x30 == 0x30 and not low & 0x20 else "mve_alu"
        core = _core(low & 15) if low & 15 != 14 else _core(high & 14)
        steps = core if low & 15 == 14 else 0
        return _instruction("vadd", kind, high, low, reads=left | core, writes=to | steps)
    if low & 0x0F00 == 0x0E00 and not high & 0x80 and high & 0x31 != 0x31:
        kind = "mve_float_mac" if high & 0x30 == 0x30 else "mve_mul"
        return _instruction("vmull", kind, high, low, reads=left | right, writes=to)
    return _instruction("vshift", "mve_alu", high, low, reads=to | left | right, writes=to)


NEON_KINDS = {0x9: "mve_mul", 0xB: "mve_mul", 0xC: "mve_float_mac", 0xD: "mve_float"}


def _like_neon(high: int, low: int) -> Instruction | None:
    """Decodes the encodings that MVE shares with Neon's instructions on Q registers."""
    if high & 0xEF00 == 0xEE00 and low & 0x0F50 == 0x0B10 and high & 0x90 == 0x80:
        to = _vector(high >> 1 & 7)
        return _instruction("vdup", "mve_move", high, low, reads=_core(low >> 12), writes=to)
    if high & 0xEF00 != 0xEF00 or low & 0x1040 != 0x40:
        return None
    if not high & 0x80 and (high & 1 or low & 1):  # Q registers are even
        return None
    to, left = (
        _vector(low >> 13 | (high >> 6 & 1) << 3),
        _vector(high >> 1 & 7 | (low >> 7 & 1) << 3),
    )
    right = _vector(low >> 1 & 7 | (low >> 5 & 1) << 3)
    kind = "mve_alu"
    if not high & 0x80:
        kind = NEON_KINDS.get(low >> 8 & 15, "mve_alu")
    elif low & 0x0F00 == 0x0600 and high & 0x3B == 0x3B:
        kind = "mve_float"  # conversions
    accumulator = to if kind == "mve_float_mac" else 0
    reads = right | (left if not high & 0x80 else 0) | accumulator
    return _instruction("v", kind, high, low, reads=reads, writes=to, accumulator=accumulator)
