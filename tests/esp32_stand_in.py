"""Stands in for Espressif's qemu-system-xtensa where it is not installed: takes the same command
line and executes the same ELF on Debian's, whose machine has enough RAM to reach the memories of
the ESP32 and of the ESP32-S3. That their devices are RAM, too, is made up for by a debugger:
watchpoints on the registers of UART0 and of the watchdogs. Whoever leaves a watchdog on is
reset."""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import NoReturn

import espressif_qemu

KEY, SWD_KEY = 0x50D83AA1, 0x8F1D312A
ON, SELF_FED = 1 << 31, 1 << 31
WRITE, READ = 2, 3  # kinds of watchpoints


@dataclass(frozen=True)
class Registers:
    """Addresses, from the chip's Technical Reference Manual."""

    fifo: int
    fifo_write: int
    status: int
    pointers: int  # 0: the count in the status is right
    options: int
    watchdogs: dict[int, int]  # and their keys
    swd: int  # the super watchdog; 0: none


CHIPS = {
    "esp32": Registers(
        0x3FF40000,
        0x60000000,
        0x3FF4001C,
        0x3FF40060,
        0x3FF48000,
        {0x3FF5F048: 0x3FF5F064, 0x3FF60048: 0x3FF60064, 0x3FF4808C: 0x3FF480A4},
        0,
    ),
    "esp32s3": Registers(
        0x60000000,
        0x60000000,
        0x6000001C,
        0,
        0x60008000,
        {0x6001F048: 0x6001F064, 0x60020048: 0x60020064, 0x60008098: 0x600080B0},
        0x600080B4,
    ),
}


class Debugger:
    """GDB's remote protocol, as much of it as is needed."""

    def __init__(self, remote: socket.socket) -> None:
        self.remote, self.buffer = remote, b""

    def send(self, packet: str) -> None:
        self.remote.sendall(f"${packet}#{sum(packet.encode()) % 256:02x}".encode())

    def receive(self) -> str:
        """The next packet; "" at the end."""
        while (packet := self.poll()) is None:
            pass
        return packet

    def poll(self) -> str | None:
        """Returns a received packet, "" at the end, None if it is incomplete."""
        data = self.remote.recv(4096)
        self.buffer += data
        if not (found := re.search(rb"\$([^#]*)#..", self.buffer)):
            return None if data else ""
        self.buffer = self.buffer[found.end() :]
        self.remote.sendall(b"+")
        return found[1].decode()

    def ask(self, packet: str) -> str:
        self.send(packet)
        return self.receive()

    def read(self, address: int) -> int:
        return int.from_bytes(bytes.fromhex(self.ask(f"m{address:x},4")), "little")

    def write(self, address: int, value: int) -> None:
        assert self.ask(f"M{address:x},4:{value.to_bytes(4, 'little').hex()}") == "OK"


class Chip:
    def __init__(self, registers: Registers, debugger: Debugger, line: socket.socket) -> None:
        self.at, self.debugger, self.line, self.waiting = registers, debugger, line, b""
        self.watched = [(READ, registers.fifo), (WRITE, registers.fifo_write)]
        guarded = [*registers.watchdogs, *([registers.swd] if registers.swd else [])]
        self.watched += [(WRITE, address) for address in (registers.options, *guarded)]
        for kind, address in self.watched:
            self.watch("Z", kind, address)
        self.power_on()

    def watch(self, on: str, kind: int, address: int) -> None:
        """`on`: Z, or z for off."""
        assert self.debugger.ask(f"{on}{kind},{address:x},4") == "OK"

    def power_on(self) -> None:
        """Sets the state that the ROM leaves."""
        self.guarded = dict.fromkeys(self.at.watchdogs, ON)
        for address, key in self.at.watchdogs.items():
            self.debugger.write(address, ON)
            self.debugger.write(key, 0)
        self.fed = not self.at.swd
        self.offer()

    def offer(self) -> None:
        """Offers the next byte to the receiver."""
        self.debugger.write(self.at.fifo, self.waiting[0] if self.waiting else 0xEE)
        count = min(len(self.waiting), 128)
        if not self.at.pointers:
            self.debugger.write(self.at.status, count)
            return
        self.debugger.write(self.at.status, 128 if count == 128 else 0)  # right in that case only
        self.debugger.write(self.at.pointers, count % 128 << 13)

    def accessed(self, kind: int, address: int) -> None:
        """After an access to a register that is watched."""
        value = self.debugger.read(address)
        if kind == READ:
            assert self.waiting, "nothing was there"
            self.waiting = self.waiting[1:]
            self.offer()
        elif address == self.at.fifo_write:
            self.line.sendall(bytes([value & 0xFF]))
            self.offer()  # the receiver's bytes may be at the same address
        elif address == self.at.swd:
            self.fed |= self.debugger.read(address + 4) == SWD_KEY and bool(value & SELF_FED)
        elif address in self.at.watchdogs:
            if self.debugger.read(self.at.watchdogs[address]) == KEY:
                self.guarded[address] = value
            self.debugger.write(address, self.guarded[address])
        elif value >> 31:
            self.debugger.send(f"qRcmd,{b'system_reset'.hex()}")
            while self.debugger.receive() != "OK":
                pass
            self.power_on()

    def run(self) -> None:
        """Until it exits or the line is closed."""
        self.debugger.send("c")
        while True:
            ready, _, _ = select.select([self.debugger.remote, self.line], [], [])
            data = b""
            if self.debugger.remote in ready:
                stop = self.debugger.poll()
            else:  # it waits, or soon will
                if any(self.guarded.values()) or not self.fed:
                    print("watchdog reset", file=sys.stderr)
                    return
                data = self.line.recv(4096)
                if not data:
                    return
                self.debugger.remote.sendall(b"\x03")
                stop = self.debugger.receive()
            if stop is None:
                continue
            if not stop.startswith("T"):  # it has ended
                return
            if found := re.search(r"(r?)watch:([0-9a-f]+)", stop):
                self.step_over(READ if found[1] else WRITE, int(found[2], 16))
            if data:
                self.waiting += data
                self.offer()
            self.debugger.send("c")

    def step_over(self, kind: int, address: int) -> None:
        """It stands before an access to this register."""
        here = [watched for watched in self.watched if watched[1] == address]
        for watched in here:
            self.watch("z", *watched)
        self.debugger.ask("s")
        for watched in here:
            self.watch("Z", *watched)
        self.accessed(kind, address)


def run(given: espressif_qemu.Given, program: str) -> NoReturn:
    ours, theirs = socket.socketpair()
    # 1700 MiB from 0 on: up to what the chips have at 0x60000000
    machine = [program, "-M", "lx60", "-cpu", "de233_fpu", "-m", "1700M", "-nodefaults"]
    machine += [
        "-display",
        "none",
        "-monitor",
        "none",
        "-serial",
        "none",
        "-S",
        "-kernel",
        given.kernel,
    ]
    machine += ["-semihosting-config", "enable=on,target=native"]
    machine += ["-chardev", f"socket,id=gdb,fd={theirs.fileno()}", "-gdb", "chardev:gdb"]
    machine += ["-chardev", f"socket,id=monitor,fd={given.monitor}"]
    machine += ["-mon", "chardev=monitor,mode=control", *given.counting]
    counts = [int(n) for n in re.findall(r"(?:fd|cuts)=(\d+)", " ".join(given.counting))]
    guard = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []
    process = subprocess.Popen(
        [*guard, *machine],
        pass_fds=[theirs.fileno(), given.monitor, *counts],
        stdin=subprocess.DEVNULL,
    )
    theirs.close()

    def end(*_: object) -> NoReturn:
        process.terminate()  # a plugin writes its counts then
        try:
            process.wait(10)
        finally:
            os._exit(1)  # setpriv ends what is left

    signal.signal(signal.SIGTERM, end)
    debugger = Debugger(ours)
    debugger.ask("?")
    Chip(CHIPS[given.machine], debugger, given.line).run()
    try:
        status = process.wait(timeout=1)
    except subprocess.TimeoutExpired:
        end()
    os._exit(status)


def main(program: str) -> None:
    """`program` is Debian's."""
    if "probe=on" in sys.argv[-1] and os.environ.get("STAND_IN_PLUGINS"):
        os.execv(program, [program, *sys.argv[1:]])
    run(espressif_qemu.asked("qemu-system-xtensa", *CHIPS), program)
