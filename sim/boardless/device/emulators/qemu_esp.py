"""Espressif's QEMU, where a user has it: the chip's memory map, without ROM and flash.

    boardless run digits_cnn --board esp32c3_devkitm --emulator qemu-esp

It comes with ESP-IDF's tools. The distributions' QEMU has the same programs without these machines.
The ESP32's timer counts exactly under icount; the ESP32-C3's drops parts of ticks, so only the
plugin counts there. Espressif's own builds take no plugin, one made with --enable-plugins does.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import msgspec

from boardless.core import checked
from boardless.core.children import PATIENCE
from boardless.core.errors import ToolMissing
from boardless.core.programs import program_version
from boardless.device.emulators.base import ProcessSession
from boardless.device.plugin import counter as plugins
from boardless.device.plugin.counter import Counter, Plugin
from boardless.device.records import Board
from boardless.device.semihosting import exit_only

PLUGINS = (
    "Espressif's releases are built without plugins (espressif/qemu#134); build its sources with "
    "--enable-plugins"
)


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[emulator.qemu_esp] of a board.toml."""

    program: str  # such as qemu-system-riscv32
    machine: str  # -M
    tool: str  # its name in ESP-IDF's idf_tools.py
    oldest: int = 0  # major version that boots -kernel
    # Of the timer behind hal_timer_ticks, in virtual time; 0: it tells no instructions, so that
    # there is no icount.
    timer_hz: int = 0
    icount_shift: int = 6  # an instruction takes 2^shift ns of virtual time, more than a tick
    arguments: tuple[str, ...] = ()  # further ones

    @property
    def title(self) -> str:
        """Names the program for `boardless doctor`, since distributions have one of the same
        name."""
        return f"{self.program} -M {self.machine}"

    @property
    def shared_memory(self) -> bool:
        return False


def settings(table: dict[str, object]) -> Settings:
    return checked.convert(table, Settings)


def candidates(here: Settings) -> list[str]:
    """Programs of that name: on PATH, then where ESP-IDF puts its tools, the newest first."""
    tools = Path(os.environ.get("IDF_TOOLS_PATH") or Path.home() / ".espressif") / "tools"
    installed = sorted(tools.glob(f"{here.tool}/*/qemu/bin/{here.program}"), reverse=True)
    on_path = shutil.which(here.program)
    return [*([on_path] if on_path else []), *(str(path) for path in installed)]


def find(board: Board) -> str:
    """The program that knows the machine; ToolMissing says what is there instead."""
    here: Settings = board.emulators["qemu_esp"]
    what = f"there is no {here.program} that knows {here.machine}"
    for program in candidates(here):
        try:
            known = re.search(rf"^{re.escape(here.machine)}\s", _said(program, "-M", "help"), re.M)
            number = re.search(r"version (\d+)", _said(program, "--version"))
        except (OSError, subprocess.TimeoutExpired):
            continue
        if not known:
            what = f"{program} does not know -M {here.machine}"
        elif not number or int(number[1]) < here.oldest:
            what = f"{program} is too old to boot -M {here.machine}, {here.oldest} is not"
        else:
            return program
    raise ToolMissing(
        what,
        hint=f"Espressif's does: python $IDF_PATH/tools/idf_tools.py install {here.tool}, "
        "or an archive of https://github.com/espressif/qemu/releases",
    )


def _said(*command: str) -> str:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL
    ).stdout


def version(board: Board) -> str:
    text = program_version([find(board), "--version"], (), board.name)
    found = re.search(r"version (.+)", text)
    return found.group(1) if found else text


def start(board: Board, elf: Path, *, shared: bool, count: Counter | None = None) -> ProcessSession:
    """Boots `elf`; with `count` its code is counted."""
    here: Settings = board.emulators["qemu_esp"]
    command = [
        find(board),
        *("-M", here.machine),
        *("-display", "none", "-monitor", "none"),
        *(("-icount", f"shift={here.icount_shift},sleep=off") if here.timer_hz else ()),
        *("-chardev", "socket,id=line,fd=@LINE@", "-serial", "chardev:line"),
        *("-chardev", "socket,id=monitor,fd=@MONITOR@", "-mon", "chardev=monitor,mode=control"),
        *exit_only(here.program),  # how the firmware ends
        *("-kernel", str(elf)),
        *here.arguments,
        *(count.arguments if count else ()),
    ]
    return ProcessSession.start(
        command,
        line_fd="@LINE@",
        shared_fd="@MEMORY@",
        shared_bytes=0,
        descriptors=count.descriptors if count else (),
        monitor_fd="@MONITOR@",
        patience=PATIENCE if count else 1.0,
    )


def counter(board: Board) -> Plugin:
    """The counting plugin for this QEMU; ToolMissing says why there is none."""
    try:
        return plugins.find(find(board))
    except ToolMissing as error:
        raise ToolMissing(error.what, hint=PLUGINS) from error


def instructions(board: Board, ticks: int) -> int | None:
    """Converts ticks as boardless.device.emulators.qemu does; None where the timer is inexact."""
    here: Settings = board.emulators["qemu_esp"]
    if not here.timer_hz:
        return None
    return (ticks + 1) * 1_000_000_000 // (here.timer_hz << here.icount_shift)
