"""Bare-metal programs for tests: compiled as somebody else would, and traced by QEMU itself."""

from __future__ import annotations

import itertools
import re
import subprocess
from pathlib import Path

from boardless.core import paths
from boardless.cycles.image import Image
from boardless.device.emulators import qemu
from boardless.device.records import Board

SOURCES = paths.ROOT / "tests" / "emulated" / "bare"
BARE = ("-nostartfiles", "-nostdlib", "-T", str(SOURCES / "bare.ld"))
NEWLIB = ("--specs=rdimon.specs",)
GCC = ("arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-O2", "-Wall", "-Wextra", "-Werror")


def program(folder: Path, name: str, *flags: str) -> Path:
    """An ELF of tests/emulated/bare/<name>.c, by default without start files and library."""
    elf = folder / f"{name}{'-'.join(['', *flags]).replace('--', '-').replace('/', '_')}.elf"
    kind = () if NEWLIB[0] in flags else BARE
    source = str(SOURCES / f"{name}.c")
    subprocess.run([*GCC, *kind, *flags, "-o", str(elf), source], check=True, timeout=60)
    return elf


def trace_options(board: Board, log: Path) -> tuple[str, ...]:
    """QEMU writes the address of every instruction that it executes to `log`."""
    new = int(qemu.version(board).split(".")[0]) >= 9
    one_by_one = ("-accel", "tcg,one-insn-per-tb=on") if new else ("-singlestep",)
    return (*one_by_one, "-d", "exec,nochain", "-D", str(log))


def read_trace(log: Path) -> list[int]:
    """Addresses in the order of execution. An access to a device shows twice: QEMU starts it, stops
    the block, and starts it again."""
    found = re.finditer(r"\[[0-9a-f]+/([0-9a-f]+)/", log.read_text())
    return [pc for pc, _ in itertools.groupby(int(m.group(1), 16) for m in found)]


def trace(elf: Path, board: Board, folder: Path, *, vectors: bool = True) -> list[int]:
    """Every instruction of a bare program's whole run."""
    log = folder / f"{elf.stem}.trace"
    load = ("-kernel", str(elf)) if vectors else ("-device", f"loader,file={elf},cpu-num=0")
    settings: qemu.Settings = board.emulators["qemu"]
    subprocess.run(
        [
            *qemu.machine(settings),
            *("-serial", "null", "-semihosting-config", "enable=on,target=native"),
            *load,
            *trace_options(board, log),
        ],
        check=False,
        timeout=120,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return read_trace(log)


def without_interrupted(executed: list[int], elf: Image, handler: tuple[str, ...]) -> list[int]:
    """QEMU's trace names the instruction that an interrupt kept from being executed, too: the one
    before the handler that comes again behind it."""
    inside = {a for name in handler for a in range(*elf.symbol(name).range)}
    entry, waiting = elf.symbol(handler[0]).address, -1
    kept: list[int] = []
    for i, pc in enumerate(executed):
        if pc == entry and executed[i - 1] not in inside:
            waiting = kept[-1]
            kept.pop()
        elif waiting >= 0 and pc not in inside:
            if pc != waiting:
                raise AssertionError(f"{waiting:#x} was interrupted, and {pc:#x} came after it")
            waiting = -1
        kept.append(pc)
    return kept
