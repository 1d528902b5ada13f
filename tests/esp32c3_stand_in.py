"""Stands in for Espressif's qemu-system-riscv32 where it is not installed: takes the same command
line and executes the ELF with Unicorn in the ESP32-C3's memory map, with its UART, system timer and
watchdogs. Whoever leaves a watchdog on is reset. With STAND_IN_LOSES it is a build that throws away
what the line does not take at once."""

from __future__ import annotations

import ctypes
import json
import os
import socket
import sys
import threading
from typing import Any

import espressif_qemu
import unicorn
from elftools.elf.elffile import ELFFile
from unicorn import UC_ARCH_RISCV, UC_HOOK_INTR, UC_MODE_RISCV32, UC_PROT_ALL
from unicorn.riscv_const import UC_RISCV_REG_MEPC, UC_RISCV_REG_MTVEC, UC_RISCV_REG_PC

SRAM, IRAM, DRAM = 0x60000, 0x40380000, 0x3FC80000  # one memory, two addresses
KEYS = {0x6001F064: 0x50D83AA1, 0x60020064: 0x50D83AA1, 0x600080A8: 0x50D83AA1}
SWD_KEY, SWD_CONFIG = 0x600080B0, 0x600080AC
LOSES, TAKEN = bool(os.environ.get("STAND_IN_LOSES")), 200  # bytes that the line takes at once
GUARDED = {0x6001F048: 0x6001F064, 0x60020048: 0x60020064, 0x60008090: 0x600080A8}


class Chip:
    """Registers that have more to them than their value."""

    def __init__(self, line: socket.socket) -> None:
        self.line, self.waiting = line, b""
        self.registers = dict.fromkeys(GUARDED, 1 << 31)  # on, as the ROM leaves them
        self.time = self.asked = self.sent = self.pc = 0

    def watchdogs(self) -> bool:
        return any(self.registers[a] for a in GUARDED) or not self.registers.get(SWD_CONFIG, 0)

    def read(self, address: int) -> int:
        if address == 0x6000001C:
            self.asked += 1  # twice with nothing in between: it waits for a byte
            if not self.waiting and self.asked > 1:
                if self.watchdogs():
                    print("watchdog reset", file=sys.stderr)
                    os._exit(1)
                try:
                    self.waiting = self.line.recv(100, socket.MSG_DONTWAIT if LOSES else 0)
                except BlockingIOError:
                    return 0
                self.sent = 0
                if not self.waiting:
                    os._exit(0)
            return len(self.waiting)
        if address == 0x60000000:
            self.asked = 0
            byte, self.waiting = self.waiting[0], self.waiting[1:]
            return byte
        if address == 0x60023004:
            return 1 << 29
        if address == 0x60023044:
            assert self.registers[0x60023000] >> 30 & 1, "the system timer stands"
            self.time += 160
            return self.time
        return self.registers.get(address, 0)

    def write(self, address: int, value: int) -> None:
        if address == 0x60000000:
            self.asked = 0
            self.sent += 1
            if self.sent <= TAKEN or not LOSES:
                self.line.sendall(bytes([value & 0xFF]))
        elif address in GUARDED and self.registers.get(GUARDED[address]) != 0x50D83AA1:
            pass  # write-protected
        elif address == SWD_CONFIG and self.registers.get(SWD_KEY) != 0x8F1D312A:
            pass
        else:
            self.registers[address] = value


def monitor(chip: Chip, line: socket.socket) -> None:
    """Says where the program is, as QEMU's monitor does."""
    file = line.makefile("rw")

    def send(message: dict[str, Any]) -> None:
        file.write(json.dumps(message) + "\n")
        file.flush()

    send({"QMP": {}})
    for request in file:
        asked = json.loads(request).get("arguments", {}).get("command-line", "")
        words = "3fc80000: 1 1 1 1" if asked.startswith("xp") else f" pc       {chip.pc:08x}"
        send({"return": words if asked else {}})


def run(elf: str, line: socket.socket, talk: int) -> None:
    machine: Any = vars(unicorn)["Uc"](UC_ARCH_RISCV, UC_MODE_RISCV32)
    memory = ctypes.create_string_buffer(SRAM)
    for origin in (IRAM, DRAM):
        machine.mem_map_ptr(origin, SRAM, UC_PROT_ALL, ctypes.addressof(memory))
    chip = Chip(line)
    threading.Thread(target=monitor, args=(chip, socket.socket(fileno=talk)), daemon=True).start()

    def read(uc: Any, offset: int, size: int, start: int) -> int:
        chip.pc = uc.reg_read(UC_RISCV_REG_PC)
        return chip.read(start + offset)

    for base in (0x60000000, 0x60008000, 0x6001F000, 0x60020000, 0x60023000):
        machine.mmio_map(
            base,
            0x1000,
            read,
            base,
            lambda uc, offset, size, value, start: chip.write(start + offset, value),
            base,
        )

    def trap(uc: Any, number: int, data: Any) -> None:
        """Does what the core does on a trap, which Unicorn leaves to its user."""
        if number != 2:  # an illegal instruction, such as a counter that is not there
            print(f"trap {number} at {uc.reg_read(UC_RISCV_REG_PC):#x}", file=sys.stderr)
            os._exit(3)
        uc.reg_write(UC_RISCV_REG_MEPC, uc.reg_read(UC_RISCV_REG_PC))
        uc.reg_write(UC_RISCV_REG_PC, uc.reg_read(UC_RISCV_REG_MTVEC) & ~3)

    machine.hook_add(UC_HOOK_INTR, trap)
    with open(elf, "rb") as file:
        content = ELFFile(file)
        for segment in content.iter_segments():
            if segment["p_type"] == "PT_LOAD" and segment["p_filesz"]:
                machine.mem_write(segment["p_paddr"], segment.data())
        entry = content["e_entry"]
    machine.emu_start(entry, 0)


def main() -> None:
    given = espressif_qemu.asked("qemu-system-riscv32", "esp32c3")
    run(given.kernel, given.line, given.monitor)
