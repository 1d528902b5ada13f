"""Small pieces of machine code with counts, for the tests of the cycle models.

piece(["ldr r0,[r1]", "nop"], times=10)      # Code, Tally
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from boardless.cycles.counts import Code, Tally

THUMB = {  # as memory holds them
    "ldr.w r9,[r1]": "d1f80090",
    "str.w r10,[r3]": "c3f800a0",
    "mov r8,r8": "c046",
    "mov r9,r9": "c946",
    "nop": "00bf",
    "ldr r0,[r1]": "0868",
    "ldr r2,[r1,#4]": "4a68",
    "ldr r3,[r0]": "0368",
    "ldr r4,[r5]!": "55f8044f",
    "ldr r6,[r5]": "2e68",
    "ldrb r0,[r1]": "0878",
    "ldr r0,[pc,#4]": "0148",
    "str r2,[r3]": "1a60",
    "str r2,[r3,r4]": "1a51",
    "adds r0,#1": "0130",
    "adds r1,#1": "0131",
    "adds r7,#1": "0137",
    "adds r0,r0,r0": "0018",
    "add.w r0,r1,r2": "01eb0200",
    "add.w r3,r4,r5": "04eb0503",
    "add.w r9,r10,r11": "0aeb0b09",
    "add.w r2,r3,r0,lsl #3": "03ebc002",
    "sxtb16 r2,r0": "2ffa80f2",
    "sxtb16 r2,r0,ror #8": "2ffa90f2",
    "sxtb16 r6,r7": "2ffa87f6",
    "ubfx r6,r7,#3,#4": "c7f3c306",
    "muls r0,r1": "4843",
    "mla r0,r1,r2,r0": "01fb0200",
    "umull r0,r1,r2,r3": "a2fb0301",
    "smlad r0,r1,r2,r0": "21fb0200",
    "udiv r0,r1,r2": "b1fbf2f0",
    "it eq": "08bf",
    "addeq r0,r1,r2": "8818",
    "cmp r0,#0": "0028",
    "beq +0": "00d0",
    "b +0": "00e0",
    "b .": "fee7",
    "bx lr": "7047",
    "blx r3": "9847",
    "bl": "fff7feff",
    "cbz r0,+2": "00b1",
    "push {r4-r7,lr}": "f0b5",
    "pop {r4-r7,pc}": "f0bd",
    "pop {r4-r7}": "f0bc",
    "ldmia r0!,{r1-r3}": "0ec8",
    "stmia r0!,{r1-r3}": "0ec0",
    "ldrd r0,r1,[r2]": "d2e90001",
    "strd r0,r1,[r2]": "c2e90001",
    "vldr s0,[r0]": "90ed000a",
    "vldr s4,[r0,#4]": "90ed012a",
    "vldr s6,[r1]": "91ed003a",
    "vstr s0,[r0]": "80ed000a",
    "vadd.f32 s0,s1,s2": "30ee810a",
    "vadd.f32 s3,s0,s2": "70ee011a",
    "vadd.f32 s8,s9,s10": "34ee854a",
    "vmul.f32 s0,s1,s2": "20ee810a",
    "vfma.f32 s0,s1,s2": "a0ee810a",
    "vfma.f32 s8,s9,s10": "a4ee854a",
    "vdiv.f32 s0,s1,s2": "80ee810a",
    "vsqrt.f32 s0,s1": "b1eee00a",
    "vadd.f64 d0,d1,d2": "31ee020b",
    "vldrb.u8 q0,[r0]": "90ed001e",
    "vmla.s32 q0,q1,r2": "23ee420e",
    "dls lr,r0": "40f001e0",
}


def code(lines: Sequence[str], address: int = 0x8000) -> Code:
    """Lines of THUMB, one after the other."""
    content = tuple(bytes.fromhex(THUMB[line]) for line in lines)
    sizes = np.array([len(c) for c in content], np.uint8)
    begins = address + np.concatenate(([0], np.cumsum(sizes.astype(np.uint64))[:-1]))
    return Code(begins.astype(np.uint64), sizes, content)


def straight(count: int, times: int = 1) -> Tally:
    """Counts of code that was entered at its first instruction and ran to its last."""
    executed = np.full(count, times, np.int64)
    fallthrough = executed.copy()
    fallthrough[0] = 0
    return Tally(executed, fallthrough, {})


def piece(lines: Sequence[str], address: int = 0x8000, times: int = 1) -> tuple[Code, Tally]:
    """Code that runs straight through, and its counts."""
    return code(lines, address), straight(len(lines), times)
