"""Espressif's QEMU, where a user has it: the chip's memory map, without ROM and flash.

    boardless run digits_cnn --board esp32c3_devkitm --emulator qemu-esp

It comes with ESP-IDF's tools. The distributions' QEMU has the same programs without these machines.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import msgspec

from boardless.emulators.base import ProcessSession, program_version
from boardless.errors import ToolMissing
from boardless.records import Board


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[emulator.qemu_esp] of a board.toml."""

    program: str  # such as qemu-system-riscv32
    machine: str  # -M
    tool: str  # its name in ESP-IDF's idf_tools.py

    @property
    def shared_memory(self) -> bool:
        return False


def settings(table: dict[str, object]) -> Settings:
    return msgspec.convert(table, Settings)


def candidates(here: Settings) -> list[str]:
    """Programs of that name: on PATH, then where ESP-IDF puts its tools, the newest first."""
    tools = Path(os.environ.get("IDF_TOOLS_PATH") or Path.home() / ".espressif") / "tools"
    installed = sorted(tools.glob(f"{here.tool}/*/qemu/bin/{here.program}"), reverse=True)
    on_path = shutil.which(here.program)
    return [*([on_path] if on_path else []), *(str(path) for path in installed)]


def find(board: Board) -> str:
    """The program that knows the machine; ToolMissing says what is there instead."""
    here: Settings = board.emulators["qemu_esp"]
    others = []
    for program in candidates(here):
        try:
            done = subprocess.run(
                [program, "-M", "help"], capture_output=True, text=True, timeout=60, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if re.search(rf"^{re.escape(here.machine)}\s", done.stdout, re.MULTILINE):
            return program
        others.append(program)
    what = f"{others[0]} does not know -M" if others else f"there is no {here.program} that knows"
    raise ToolMissing(
        f"{what} {here.machine}",
        hint=f"Espressif's does: python $IDF_PATH/tools/idf_tools.py install {here.tool}",
    )


def version(board: Board) -> str:
    text = program_version([find(board), "--version"], (), board.name)
    found = re.search(r"version (.+)", text)
    return found.group(1) if found else text


def start(board: Board, elf: Path, *, shared: bool) -> ProcessSession:
    here: Settings = board.emulators["qemu_esp"]
    command = [
        find(board),
        *("-M", here.machine),
        *("-display", "none", "-monitor", "none"),
        *("-chardev", "socket,id=line,fd=@LINE@", "-serial", "chardev:line"),
        *("-semihosting-config", "enable=on,target=native"),  # how the firmware exits
        *("-kernel", str(elf)),
    ]
    return ProcessSession.start(command, line_fd="@LINE@", shared_fd="@MEMORY@", shared_bytes=0)


def instructions(board: Board, ticks: int) -> int | None:
    return None  # the system timer runs in the machine's time, not by instructions
