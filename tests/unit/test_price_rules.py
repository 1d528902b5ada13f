"""Measurements of single instructions on silicon, compared with the core tables.

Each case: instructions in a row between plain 16-bit moves, and the cycles they take with memory
that never waits. `source` says who measured or documented it.
"""

from __future__ import annotations

import pytest
from boardless.cycles import cores, price
from cycle_code import piece

JNK = "jnk0le/random, pipeline cycle test: "
M3M4 = JNK + "cortex_m3m4.md, STM32F103 and STM32F407"
M7 = JNK + "cortex_m7.md, STM32H743"
LLVM_M7 = "LLVM ARMScheduleM7.td"
M33 = JNK + "cortex_m33.md, RP2350"
M0 = JNK + "cortex_m0.md"
TRM4 = "Arm 100166, tables of instruction timing"
TRM0 = "Arm DDI 0432, table 3-1"

CASES = [
    # core, instructions, cycles, source
    ("cortex-m4", "ldr r0,[r1]", 2, TRM4),
    ("cortex-m4", "ldr r0,[r1]; ldr r2,[r1,#4]", 3, M3M4),
    ("cortex-m4", "ldr r0,[r1]; ldr r3,[r0]", 4, M3M4 + ": an address must be there early"),
    ("cortex-m4", "ldr r0,[r1]; nop", 2, M3M4 + ": a load eats the NOP after it"),
    ("cortex-m4", "ldr r0,[r1]; cmp r0,#0", 3, M3M4 + ": but no CMP"),
    ("cortex-m4", "ldr r0,[r1]; str r2,[r3]", 2, M3M4 + ": the store removes the stall"),
    ("cortex-m4", "str r2,[r3]", 1, M3M4 + ": immediate offset stores take 1"),
    ("cortex-m4", "str r2,[r3,r4]", 2, M3M4 + ": register offset stores take 2"),
    ("cortex-m4", "str r2,[r3]; ldr r0,[r1]", 4, M3M4 + ": adds a cycle to the store"),
    ("cortex-m4", "str r2,[r3]; stmia r0!,{r1-r3}", 5, M3M4 + ": but not before STM"),
    ("cortex-m4", "str r2,[r3]; ldmia r0!,{r1-r3}", 6, M3M4 + ": nor does LDM pipeline"),
    ("cortex-m4", "ldr r4,[r5]!; ldr r6,[r5]", 4, M3M4 + ": not on the same base"),
    ("cortex-m4", "adds r1,#1; ldr r0,[r1]", 4, M3M4 + ": an address must be there early"),
    ("cortex-m4", "adds r7,#1; ldr r0,[r1]", 3, M3M4),
    ("cortex-m4", "ldmia r0!,{r1-r3}", 4, TRM4 + ": 1 + N"),
    ("cortex-m4", "push {r4-r7,lr}", 6, TRM4 + ": 1 + N"),
    ("cortex-m4", "ldrd r0,r1,[r2]", 3, TRM4),
    ("cortex-m4", "muls r0,r1; adds r0,#1", 2, TRM4),
    ("cortex-m4", "smlad r0,r1,r2,r0; smlad r0,r1,r2,r0", 2, TRM4),
    ("cortex-m4", "umull r0,r1,r2,r3", 1, TRM4),
    ("cortex-m4", "adds r0,#1; it eq; addeq r0,r1,r2", 2, TRM4 + ": IT folds"),
    ("cortex-m4", "vadd.f32 s0,s1,s2", 1, TRM4),
    ("cortex-m4", "vadd.f32 s0,s1,s2; vadd.f32 s3,s0,s2", 3, TRM4 + ": one cycle until the result"),
    ("cortex-m4", "vfma.f32 s0,s1,s2", 3, TRM4),
    ("cortex-m4", "vfma.f32 s0,s1,s2; vfma.f32 s0,s1,s2", 6, "CMSIS-DSP biquad on LPC4370"),
    ("cortex-m4", "vdiv.f32 s0,s1,s2", 14, TRM4),
    ("cortex-m4", "vsqrt.f32 s0,s1", 14, TRM4),
    ("cortex-m4", "vldr s0,[r0]", 2, TRM4),
    ("cortex-m4", "vldr s4,[r0,#4]; vldr s6,[r1]", 4, "CMSIS-DSP FIR on LPC4370"),
    ("cortex-m4", "ldr r0,[r1]; str r2,[r3,r4]", 3, M3M4 + ": the store takes one less"),
    ("cortex-m4", "ldr.w r9,[r1]; str.w r10,[r3]", 3, "Keccak in pqm4 on STM32L4R5"),
    ("cortex-m3", "ldr r0,[r1]; nop", 2, M3M4),
    ("cortex-m3", "mla r0,r1,r2,r0", 2, "Arm DDI 0337"),
    ("cortex-m0", "ldr r0,[r1]; ldr r2,[r1,#4]", 4, TRM0),
    ("cortex-m0", "ldr r0,[r1]; ldr r3,[r0]", 4, M0 + ": no latency from load to use"),
    ("cortex-m0", "ldr r0,[r1]; adds r0,#1", 3, M0 + ": no latency from load to use"),
    ("cortex-m0", "push {r4-r7,lr}", 6, TRM0),
    ("cortex-m0", "muls r0,r1", 1, TRM0),
    ("cortex-m33", "ldr r0,[r1]", 1, M33),
    ("cortex-m33", "ldr r0,[r1]; adds r0,#1", 3, M33 + ": load to use 2"),
    ("cortex-m33", "ldmia r0!,{r1-r3}", 3, M33 + ": exactly N"),
    ("cortex-m33", "muls r0,r1", 2, M33 + ": MULS takes 2"),
    ("cortex-m33", "smlad r0,r1,r2,r0; smlad r0,r1,r2,r0", 2, M33 + ": accumulators are chained"),
    ("cortex-m33", "smlad r0,r1,r2,r0; adds r0,#1", 3, M33 + ": result latency 2"),
    ("cortex-m33", "vadd.f32 s0,s1,s2; vadd.f32 s3,s0,s2", 3, M33 + ": result latency 2"),
    ("cortex-m33", "vfma.f32 s0,s1,s2; vfma.f32 s0,s1,s2", 4, M33 + ": 3 as an accumulator"),
    ("cortex-m33", "vfma.f32 s0,s1,s2; vfma.f32 s8,s9,s10", 4, M33 + ": nothing for 2 cycles"),
    ("cortex-m33", "adds r0,#1; it eq; addeq r0,r1,r2", 2, M33 + ": IT pairs with what is before"),
    ("cortex-m7", "add.w r0,r1,r2; add.w r3,r4,r5", 1, M7 + ": two in a cycle"),
    ("cortex-m7", "muls r0,r1; umull r0,r1,r2,r3", 2, M7 + ": no two multiplications"),
    ("cortex-m7", "ldr r0,[r1]; add.w r2,r3,r0,lsl #3", 3, M7 + ": the early ALU shifts"),
    ("cortex-m7", "ldrb r0,[r1]; add.w r2,r3,r0,lsl #3", 4, M7 + ": bytes a cycle later"),
    ("cortex-m7", "ldr r0,[r1]; sxtb16 r2,r0,ror #8", 2, LLVM_M7 + ": an extension is not early"),
    ("cortex-m7", "ldr r0,[r1]; sxtb16 r2,r0", 2, LLVM_M7),
    ("cortex-m7", "ldrb r0,[r1]; sxtb16 r2,r0,ror #8", 3, M7 + ": bytes a cycle later"),
    ("cortex-m7", "add.w r3,r4,r5; sxtb16 r6,r7", 2, M7 + ": DSP instructions come first"),
    ("cortex-m7", "add.w r3,r4,r5; ubfx r6,r7,#3,#4", 2, M7 + ": so do bit fields"),
    ("cortex-m7", "sxtb16 r6,r7; add.w r3,r4,r5", 1, M7),
    ("cortex-m7", "ldmia r0!,{r1-r3}", 2, M7 + ": ceil(N / 2)"),
    ("cortex-m7", "vdiv.f32 s0,s1,s2", 16, M7),
    ("cortex-m7", "vadd.f32 s0,s1,s2; vadd.f32 s8,s9,s10", 2, M7 + ": one per cycle"),
    ("cortex-m7", "vadd.f32 s0,s1,s2; vadd.f32 s3,s0,s2", 4, M7 + ": result latency 3"),
    ("cortex-m7", "vfma.f32 s0,s1,s2; vfma.f32 s0,s1,s2", 4, M7 + ": 3 as an accumulator"),
]


def spent(core: str, lines: list[str]) -> float:
    """Cycles of these between plain moves, which count as 1 each (1/2 where two go in a cycle)."""
    around = ["mov r8,r8", "mov r9,r9"] * 4
    with_, without = (
        price.cycles(price.weights(cores.load(core), None, *run), run[1]).sum()
        for run in (piece(around + lines + around), piece(around + around))
    )
    return float(with_ - without)


@pytest.mark.parametrize(("core", "text", "cycles", "source"), CASES)
def test_measured(core: str, text: str, cycles: float, source: str) -> None:
    assert spent(core, text.split("; ")) == cycles, source


def test_a_taken_branch_refills() -> None:
    """Cortex-M4: direct and BX 1 + 1, POP with PC 1 + N + 3 (Embench on STM32F407)."""
    weights = {}
    for line in ("b +0", "bx lr", "pop {r4-r7,pc}"):
        content, tally = piece(["mov r8,r8", line])
        found = price.weights(cores.load("cortex-m4"), None, content, tally)
        weights[line] = price.cycles(found, tally).sum() - 1
    assert weights == {"b +0": 2, "bx lr": 2, "pop {r4-r7,pc}": 9}


def test_an_unaligned_wide_target_costs_one_more() -> None:
    """Cortex-M4: its second half arrives a cycle later (Embench on STM32F407)."""
    prices = []
    for address in (0x8000, 0x8002):
        content, tally = piece(["add.w r0,r1,r2"], address)
        weights = price.weights(cores.load("cortex-m4"), None, content, tally)
        prices.append(weights.branch_target[0])
    assert prices == [1, 2]


def test_unaligned_wide_instructions_after_a_long_one_run_dry() -> None:
    """Cortex-M4: a long instruction, then three unaligned wide ones (IACR ePrint 2025/523)."""
    line = ["add.w r0,r1,r2", "add.w r3,r4,r5", "add.w r9,r10,r11"]
    aligned = spent("cortex-m4", ["ldmia r0!,{r1-r3}", "mov r8,r8", *line])
    unaligned = spent("cortex-m4", ["ldmia r0!,{r1-r3}", *line, "mov r8,r8"])
    assert unaligned == aligned + 1


def test_an_unaligned_row_of_wide_instructions_takes_one_each() -> None:
    """Cortex-M4: a half word that is left does not fill a place (X25519 in assembly)."""
    row = ["add.w r0,r1,r2", "add.w r3,r4,r5"] * 6
    short, long = (spent("cortex-m4", ["mov r8,r8", *row * n, "mov r8,r8"]) for n in (1, 3))
    assert long - short == 2 * len(row)
