"""Stands in for Renode where it is not installed: takes the same command line, runs the monitor's
commands that we use and our script line.py, and lets QEMU be the machine.

STAND_IN_QEMU is QEMU's command line with @LINE@ and @ELF@ in it; STAND_IN_FAULT makes it go wrong.
"""

from __future__ import annotations

import argparse
import os
import shlex
import socket
import subprocess
import sys
import threading
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import renode_files

VERSION = "Renode v1.16.1.14782 (5f3b3b6f-202602031234)"  # as `renode --version` prints it


class Uart:
    """The machine's UART: QEMU at the other end of a socket pair."""

    def __init__(self, elf: str) -> None:
        self.line, theirs = socket.socketpair()
        words = shlex.split(os.environ["STAND_IN_QEMU"])
        command = [w.replace("@LINE@", str(theirs.fileno())).replace("@ELF@", elf) for w in words]
        subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *command], pass_fds=[theirs.fileno()]
        )
        theirs.close()
        self.CharReceived: list[Callable[[int], None]] = []

    def pump(self) -> None:
        while data := self.line.recv(4096):
            for byte in data:
                for receiver in self.CharReceived:
                    receiver(byte)


class Monitor:
    """What the commands change."""

    def __init__(self) -> None:
        self.name = ""
        self.platform: dict[str, renode_files.Peripheral] = {}
        self.elf = ""
        self.devices: dict[int, str] = {}
        self.uart: Uart | None = None
        self.scope: dict[str, Any] = {"monitor": self}

    @property
    def Machine(self) -> dict[str, Any]:
        self.uart = self.uart or Uart(self.elf)
        return {f"sysbus.{name}": self.uart for name in self.platform if "art" in name}

    def run(self, command: str, origin: Path) -> None:
        words = shlex.split(command)
        paths = [w.removeprefix("@").replace("$ORIGIN", str(origin)) for w in words]
        match words:
            case ["include", _] if paths[1].endswith(".resc"):
                for line in renode_files.commands(Path(paths[1])):
                    self.run(line, Path(paths[1]).parent)
            case ["include", _] if paths[1].endswith(".py"):
                exec(compile(Path(paths[1]).read_text(), paths[1], "exec"), self.scope)
            case ["mach", "create", name]:
                self.name = name
            case ["machine", "LoadPlatformDescription", _]:
                self.platform = renode_files.platform(Path(paths[2]))
            case ["machine", "PyDevFromFile", _, address, size, "True", _]:
                compile(Path(paths[2]).read_text(), paths[2], "exec")
                taken = range(int(address, 16), int(address, 16) + int(size, 16))
                for p in self.platform.values():
                    assert p.range.stop <= taken.start or taken.stop <= p.range.start, p
                self.devices[taken.start] = paths[2]
            case ["sysbus", "LoadELF", _]:
                assert Path(paths[2]).read_bytes()[:4] == b"\x7fELF"
                self.elf = paths[2]
            case ["sysbus.cpu", "VectorTableOffset", address]:
                assert int(address, 16) == self.platform["flash"].address
            case ["logLevel", _]:
                pass
            case ["boardless_line", uart, port]:
                self.scope["mc_boardless_line"](uart, port)
            case ["start"]:
                assert self.uart
                threading.Thread(target=self.uart.pump, daemon=True).start()
            case _:
                raise ValueError(f"No such command or device: {words[0]}")


class BackendTerminal:
    """As Renode's: what the UART sends comes to WriteChar, CallCharReceived goes to the UART."""

    def AttachTo(self, uart: Uart) -> None:
        self.uart = uart
        uart.CharReceived.append(self.WriteChar)

    def WriteChar(self, value: int) -> None:
        raise NotImplementedError

    def CallCharReceived(self, value: int) -> None:
        self.uart.line.sendall(bytes([value]))


class TcpClient:
    """System.Net.Sockets.TcpClient and its stream."""

    def __init__(self, host: str, port: int) -> None:
        try:  # a socket on all interfaces would answer here, too
            socket.create_connection(("127.0.0.2", port), timeout=5).close()
            raise AssertionError("boardless listens on more than the loopback address")
        except ConnectionRefusedError:
            self.socket = socket.create_connection((host, port))

    def GetStream(self) -> TcpClient:
        return self

    def WriteByte(self, value: int) -> None:
        self.socket.sendall(bytes([value]))

    def ReadByte(self) -> int:
        data = self.socket.recv(1)
        return data[0] if data else -1


class Thread:
    """System.Threading.Thread."""

    IsBackground = False

    def __init__(self, body: Callable[[], None]) -> None:
        self.body = body

    def Start(self) -> None:
        threading.Thread(target=self.body, daemon=self.IsBackground).start()


def dotnet() -> None:
    """The modules that line.py imports from .NET and Renode."""
    contents: dict[str, dict[str, Any]] = {
        "clr": {"AddReference": lambda name: None},
        "System": {"Environment": types.SimpleNamespace(Exit=os._exit)},
        "System.Net": {},
        "System.Net.Sockets": {"TcpClient": TcpClient},
        "System.Threading": {"Thread": Thread, "ThreadStart": lambda body: body},
        "Antmicro": {},
        "Antmicro.Renode": {},
        "Antmicro.Renode.Backends": {},
        "Antmicro.Renode.Backends.Terminals": {"BackendTerminal": BackendTerminal},
    }
    for name, members in contents.items():
        sys.modules[name] = types.ModuleType(name)
        vars(sys.modules[name]).update(members)


def main() -> None:
    parser = argparse.ArgumentParser(prog="renode")
    for flag in ("--console", "--disable-gui", "--plain"):
        parser.add_argument(flag, action="store_true", required="--version" not in sys.argv)
    parser.add_argument("--version", action="store_true")
    parser.add_argument("-e", dest="commands", default="")
    arguments = parser.parse_args()
    if arguments.version:
        print(VERSION)
        return
    fault = os.environ.get("STAND_IN_FAULT")
    dotnet()
    monitor = Monitor()
    for command in arguments.commands.split("; "):
        if fault == command.split()[0]:
            print(f"There was an error executing command '{command}'", flush=True)
            break
        monitor.run(command, Path.cwd())
    if fault == "exit":
        sys.exit(7)
    sys.stdin.read()  # the console, until it is closed
