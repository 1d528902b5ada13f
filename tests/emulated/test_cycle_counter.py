"""firmware/hal/cycles.c on cores that have a counter, that lack it, and that trap on asking."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from boardless.core import paths

pytestmark = [
    pytest.mark.emulated,
    pytest.mark.skipif(
        not (shutil.which("riscv64-unknown-elf-gcc") and shutil.which("qemu-system-riscv32")),
        reason="needs riscv64-unknown-elf-gcc and qemu-system-riscv32",
    ),
]

START = r"""
#include "hal.h"
static volatile uint8_t *const uart = (volatile uint8_t *)0x10000000;
static void say(const char *text) {
  while (*text) {
    *uart = (uint8_t)*text++;
  }
}
static uint32_t vector(void) {
  uint32_t value;
  __asm volatile("csrr %0, mtvec" : "=r"(value));
  return value;
}
__attribute__((used)) static void run(void) {
  const uint32_t before = vector();
  say(hal_cycles_start());
  const uint32_t first = hal_cycles(), second = hal_cycles();
  say(second > first ? " counts" : " stands");
  say(vector() == before ? " vector kept" : " vector lost");
  *(volatile uint32_t *)0x100000 = 0x5555;
  for (;;) {
  }
}
__attribute__((naked, section(".start"))) void start(void) {
  __asm volatile("la sp, stack_top\n\tj run");
}
"""
LINK = """
SECTIONS {
  . = 0x80000000;
  .all : { *(.start) *(.text*) *(.rodata*) *(.data*) *(.sdata*) *(.bss*) *(.sbss*) }
  stack_top = ALIGN(16) + 4096;
}
"""


def said(folder: Path, *defines: str) -> str:
    """Returns the output of the program on QEMU's RISC-V board."""
    (folder / "start.c").write_text(START)
    (folder / "link.ld").write_text(LINK)
    source = (paths.FIRMWARE / "hal" / "cycles.c").read_text()
    for define in defines:
        old, new = define.split("=")
        assert old in source
        source = source.replace(old, new)
    (folder / "cycles.c").write_text(source)
    build = (
        "riscv64-unknown-elf-gcc -march=rv32imc -misa-spec=2.2 -mabi=ilp32 -O2 -std=gnu11 "
        "-Wall -Wextra -Werror -ffreestanding -nostdlib -T link.ld start.c cycles.c -o it.elf -I"
    )
    subprocess.run([*build.split(), str(paths.FIRMWARE / "hal")], cwd=folder, check=True)
    emulate = (
        "qemu-system-riscv32 -M virt -bios none -display none -monitor none -serial stdio "
        "-kernel it.elf"
    )
    done = subprocess.run(
        emulate.split(),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def test_mcycle_is_found(tmp_path: Path) -> None:
    assert said(tmp_path) == "mcycle counts vector kept"


def test_a_core_that_traps_on_every_counter(tmp_path: Path) -> None:
    """0x7FF is no CSR: reading it is an illegal instruction, as mcycle is on ESP32-C3."""
    assert said(tmp_path, '0xB00");=0x7FF");').startswith("none")


def test_the_counter_of_an_esp32_c3(tmp_path: Path) -> None:
    """mcycle traps, and what stands in for mpccr counts (mcycle, under its own number)."""
    swapped = said(tmp_path, '0xB00");=0x7FF");', "0x7E0=0xB03", "0x7E1=0xB03", "0x7E2=0xB00")
    assert swapped == "mpccr counts vector kept"
