"""QEMU system emulation (7.2 to 11): exact instructions from icount, and the plugin if it loads.

With `-icount shift=6,sleep=off` an instruction takes 64 ns of virtual time, so a timer of the board
measures instructions.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from boardless.core import checked
from boardless.core.children import PATIENCE
from boardless.core.programs import program_version
from boardless.cycles import image
from boardless.device.emulators.base import ProcessSession
from boardless.device.plugin.counter import Counter, Plugin, find
from boardless.device.records import Board
from boardless.device.semihosting import Output, Semihosting, asks, exit_only


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[emulator.qemu] of a board.toml."""

    program: str  # such as qemu-system-arm
    debian: tuple[str, ...]  # packages that bring it
    machine: str  # -M
    timer_hz: int  # of the timer behind hal_timer_ticks, in the machine's virtual time
    shared_memory: bool = False  # the machine's memory-backend is what hal_shared() returns
    memory_bytes: int = 0  # of that memory-backend, where it is more than what is shared
    shared_offset: int = 0  # of what is shared, in it
    arguments: tuple[str, ...] = ()  # further ones for the command line
    icount_shift: int = 6  # an instruction takes 2^shift ns of virtual time, more than a tick


def settings(table: dict[str, object]) -> Settings:
    return checked.convert(table, Settings)


def version(board: Board) -> str:
    qemu: Settings = board.emulators["qemu"]
    text = program_version([qemu.program, "--version"], qemu.debian, board.name)
    found = re.search(r"version (\S+)", text)
    return found.group(1) if found else text


def machine(settings: Settings, options: str = "") -> list[str]:
    """Returns the command of a machine with no default devices and with icount timing."""
    return [
        *(settings.program, "-M", settings.machine + options, *settings.arguments),
        *("-nodefaults", "-display", "none", "-monitor", "none"),
        *("-icount", f"shift={settings.icount_shift},sleep=off"),
    ]


def start(
    board: Board,
    elf: Path,
    *,
    shared: bool,
    count: Counter | None = None,
    extra: tuple[str, ...] = (),
) -> ProcessSession:
    """Boots `elf`; with `shared` the memory block is mapped here too (if the board has one), with
    `count` its code is counted. `extra` are further arguments of QEMU."""
    qemu: Settings = board.emulators["qemu"]
    shared_bytes = board.memory.shared_bytes if shared and qemu.shared_memory else 0
    memory_bytes = qemu.memory_bytes or shared_bytes
    backend = (
        f"memory-backend-file,id=ram,share=on,mem-path=/proc/self/fd/@MEMORY@,size={memory_bytes}"
    )
    host, calls = None, exit_only(qemu.program)
    if not asks(qemu.program):  # its exits are trapped
        host = Semihosting(image.load(elf), qemu.program, Output())
        calls = host.arguments
    command = [
        *machine(qemu, ",memory-backend=ram" if shared_bytes else ""),
        *(("-object", backend) if shared_bytes else ()),
        *("-chardev", "socket,id=line,fd=@LINE@", "-serial", "chardev:line"),
        *("-chardev", "socket,id=monitor,fd=@MONITOR@", "-mon", "chardev=monitor,mode=control"),
        *calls,  # how the firmware ends
        *("-kernel", str(elf)),
        *(count.arguments if count else ()),
        *extra,
    ]
    return ProcessSession.start(
        command,
        line_fd="@LINE@",
        shared_fd="@MEMORY@",
        shared_bytes=shared_bytes,
        shared_offset=qemu.shared_offset,
        memory_bytes=memory_bytes,
        descriptors=count.descriptors if count else (),
        host=host,
        monitor_fd="@MONITOR@",
        # A guest that faults where it cannot stack keeps QEMU from seeing any signal.
        patience=PATIENCE if count else 1.0,
    )


def counter(board: Board) -> Plugin:
    """The counting plugin for this QEMU; ToolMissing says why there is none."""
    qemu: Settings = board.emulators["qemu"]
    return find(qemu.program, qemu.debian)


def instructions(board: Board, ticks: int) -> int | None:
    """Converts ticks, from the timer's start to a reading of it. QEMU rounds elapsed ticks up to
    integers and spends the first one on loading the counter, so this is exact: a test compares it
    with a trace of every instruction."""
    qemu: Settings = board.emulators["qemu"]
    return (ticks + 1) * 1_000_000_000 // (qemu.timer_hz << qemu.icount_shift)
