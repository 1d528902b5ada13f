"""Instructions that may access memory, checked on the output of assemblers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from boardless.cycles import image
from boardless.device.counting import accesses

pytestmark = pytest.mark.emulated  # needs the cross assemblers

THUMB = """
ldr r0, [r1]; ldr r0, [r1, r2]; ldr r0, [r1, #4]!; ldr r0, [r1], #4; ldr.w r0, [r1, #400]
ldr r0, 1f; ldrb r0, [r1]; ldrh r0, [r1]; ldrsb r0, [r1, r2]; ldrsh.w r0, [r1, #-4]
ldrd r0, r1, [r2]; ldrex r0, [r1]; ldmia r0!, {r1, r2}; ldm.w r0, {r1, r8}; pop {r0}; pop {r0, pc}
pop.w {r4, r8}; str r0, [r1]; str r0, [sp, #4]; strb r0, [r1]; strh r0, [r1]; strd r0, r1, [r2]
strex r0, r1, [r2]; stmia r0!, {r1}; stmdb r0!, {r1, r2}; push {r0, lr}; push.w {r4, r8}
tbb [pc, r0]; tbh [pc, r0, lsl #1]; vldr s0, [r1]; vstr s0, [r1]; vldmia r0!, {s0-s3}
vstmia r0!, {s0-s3}; vpush {s0}; vpop {s0}; pld [r0]; bkpt 0xab; svc 0; 1: nop
"""
THUMB_PLAIN = """
adds r0, r1, r2; add.w r0, r1, r2, lsl #3; subs r0, #1; movs r0, #1; movw r0, #1000; mvns r0, r1
cmp r0, r1; muls r0, r1, r0; mla r0, r1, r2, r3; smlad r0, r1, r2, r3; smull r0, r1, r2, r3
sdiv r0, r1, r2; sxtb16 r0, r1; uxtb r0, r1; ssat r0, #8, r1; ubfx r0, r1, #1, #2; clz r0, r1
pkhbt r0, r1, r2; lsls r0, r1, #2; asr.w r0, r1, r2; rev r0, r1; smmulr r0, r1, r2; qadd8 r0, r1, r2
it eq; moveq r0, r1; beq 1f; b 1f; bne.w 1f; cbz r0, 1f; bl 1f; bx lr; blx r0; 1: nop
vmla.f32 s0, s1, s2; vadd.f32 s0, s1, s2; vmov s0, r0; vcvt.f32.s32 s0, s1; vmrs apsr_nzcv, fpscr
adr r0, 2f; add sp, #8; sub sp, #8; 2: nop
"""
RISCV = """
lw a0, 0(a1); lw a0, 4(sp); lbu a0, 3(a1); lh t0, 2(t1); sw a0, 0(a1); sw a0, 8(sp); sb t3, 1(t1)
ecall; fence
"""
RISCV_PLAIN = """
add a0, a0, a1; addi a0, a0, 1; addi a0, sp, 16; mul a0, a1, a2; slli a0, a0, 2; lui a0, 5
auipc a0, 0; beqz a0, 1f; bne a0, t3, 1f; j 1f; jal ra, 1f; jr a0; 1: div a0, a1, t4; srai a0, a0, 3
mv a0, a1; li a0, -1; and a0, a0, a1
"""


def flags(folder: Path, isa: str, text: str) -> list[bool]:
    """Returns the flag of each instruction, in order."""
    elf, source = folder / "a.elf", folder / "a.s"
    lines = text.replace("\n", ";").split(";")
    if isa == "thumb":
        command = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard"]
        command.append("-mfpu=fpv4-sp-d16")
        head = ".syntax unified\n.thumb\n"
    else:
        command = ["riscv64-unknown-elf-gcc", "-march=rv32imc", "-mabi=ilp32"]
        head = ".option norelax\n"
        if shutil.which(command[0]) is None:
            pytest.skip(f"{command[0]} is not installed")
    marked = [f"{line}\nmark{i}:" for i, line in enumerate(line for line in lines if line.strip())]
    source.write_text(head + ".globl _start\n_start:\n" + "\n".join(marked) + "\n")
    command += ["-nostdlib", "-Wl,-Ttext=0x1000", "-o", str(elf), str(source)]
    subprocess.run(command, check=True, timeout=60)
    loaded = image.load(elf)
    code = next(s for s in loaded.segments if s.executable)
    found = accesses.KNOWN[isa](code.content)
    starts = [0x1000, *(loaded.symbols[f"mark{i}"].address & ~1 for i in range(len(marked) - 1))]
    return [bool(found[(start - code.address) // 2]) for start in starts]


@pytest.mark.parametrize(("isa", "text"), [("thumb", THUMB), ("riscv", RISCV)])
def test_every_access_is_found(tmp_path: Path, isa: str, text: str) -> None:
    found = flags(tmp_path, isa, text)
    assert all(found[:-1] if isa == "thumb" else found)  # the last one is the NOP of a label


@pytest.mark.parametrize(("isa", "text"), [("thumb", THUMB_PLAIN), ("riscv", RISCV_PLAIN)])
def test_plain_register_work_is_none(tmp_path: Path, isa: str, text: str) -> None:
    assert not any(flags(tmp_path, isa, text))
