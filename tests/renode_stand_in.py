"""Stands in for Renode where it is not installed: takes the same command line, runs the monitor's
commands that we use and our script line.py, and lets QEMU be the machine. What it does for
renode-test is in renode_keywords.py.

STAND_IN_FAULT makes it go wrong:
WHAT:STEP, where STEP is the first word of a monitor command (or "console", after the last one), and
WHAT is "error" (Renode's message, then it waits), "hang", "exit" (status 7), "kill" or "orphan"
(its launcher is killed, then it waits).
It has no hook at the beginning of blocks: QEMU could only count by boardless's own plugin.
As Renode's own, it is started by a launcher that stays in between. It ends when its standard input
does, but not where Environment.Exit is called as well: the two wait for each other, and only a
signal to the group, or Kill, ends it then.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import renode_files
from boardless.device.emulators import qmp

# With icount: otherwise nothing tells QEMU's main loop that the firmware has switched the UART's
# receiver on, and it may wait for ever before it looks at the line.
QEMU = "qemu-system-arm -nodefaults -display none -monitor none -icount shift=6,sleep=off "
QEMU += "-chardev socket,id=line,fd=@LINE@ "
MACHINES = {  # what stands in for the board
    "mps2-an386": QEMU + "-M mps2-an386 -serial chardev:line -kernel @ELF@",
    "esp32c3": QEMU.replace("arm", "riscv32").replace("=6", "=1")
    + "-M virt -bios none -cpu rv32,f=false,d=false -m 32M -serial chardev:line -kernel @ELF@",
    "stm32f4_discovery": QEMU + "-M netduinoplus2 -serial null -serial chardev:line -kernel @ELF@",
}
VERSION = "Renode v1.16.1.14782 (5f3b3b6f-202602031234)"  # as `renode --version` prints it


class Uart:
    """The machine's UART: QEMU at the other end of a socket pair."""

    def __init__(self, board: str, elf: str) -> None:
        self.line, theirs = socket.socketpair()
        self.debugger, monitor = socket.socketpair()
        words = shlex.split(MACHINES[board])
        command = [w.replace("@LINE@", str(theirs.fileno())).replace("@ELF@", elf) for w in words]
        command += ["-chardev", f"socket,id=monitor,fd={monitor.fileno()}"]
        command += ["-mon", "chardev=monitor,mode=control"]
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *command],
            pass_fds=[theirs.fileno(), monitor.fileno()],
        )
        theirs.close()
        monitor.close()
        self.CharReceived: list[Callable[[int], None]] = []

    def pump(self) -> None:
        with contextlib.suppress(OSError):  # closed meanwhile
            while data := self.line.recv(4096):
                for byte in data:
                    for receiver in self.CharReceived:
                        receiver(byte)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.line.close()
        self.debugger.close()


class Monitor:
    """The state that the commands change."""

    def __init__(self) -> None:
        self.name = ""
        self.platform: dict[str, renode_files.Peripheral] = {}
        self.elf = ""
        self.devices: dict[int, str] = {}
        self.uart: Uart | None = None
        self.asks: qmp.Monitor | None = None
        self.scope: dict[str, Any] = {"monitor": self}

    @property
    def Machine(self) -> dict[str, Any]:
        self.uart = self.uart or Uart(self.name, self.elf)
        return {f"sysbus.{name}": self.uart for name in self.platform if "art" in name}

    def qemu(self) -> qmp.Monitor:
        assert self.uart
        self.asks = self.asks or qmp.Monitor(self.uart.debugger)
        return self.asks

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
                if self.platform["cpu"].kind != "CPU.CortexM":
                    raise ValueError("Error E00: cpu does not provide VectorTableOffset")
                assert int(address, 16) == self.platform["flash"].address
            case ["sysbus.cpu", "PC"]:
                print(f"{self.qemu().counter():#x}", flush=True)
            case ["sysbus", "ReadDoubleWord", address]:
                print(f"0x{self.qemu().words(int(address, 16), 1)[0]:08X}", flush=True)
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
    """The interface of Renode's class: the UART's output comes to WriteChar, CallCharReceived goes
    to the UART."""

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


class Process:
    """System.Diagnostics.Process."""

    @staticmethod
    def GetCurrentProcess() -> Process:
        return Process()

    def Kill(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class Environment:
    """System.Environment: its Exit waits for Renode's shutdown, which waits for it."""

    called = False

    @classmethod
    def Exit(cls, status: int) -> None:
        cls.called = True
        wait_for_ever()


def wait_for_ever() -> None:
    while True:
        signal.pause()


def go_wrong(fault: str, step: str) -> None:
    what, _, where = fault.partition(":")
    if where != step:
        return
    if what == "error":
        print(f"There was an error executing command '{step}'", flush=True)
        print("Error E99: the stand-in was asked to fail here", flush=True)
        wait_for_ever()
    elif what == "exit":
        os._exit(7)
    elif what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "orphan":
        os.kill(os.getppid(), signal.SIGKILL)
        wait_for_ever()
    elif what == "hang":
        wait_for_ever()


def dotnet() -> None:
    """The modules that line.py imports from .NET and Renode."""
    contents: dict[str, dict[str, Any]] = {
        "clr": {"AddReference": lambda name: None},
        "System": {"Environment": Environment},
        "System.Diagnostics": {"Process": Process},
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


def install(folder: Path) -> None:
    """Writes `renode` and `renode-test`."""
    tests = str(Path(__file__).parent)
    start = f"import sys; sys.path.insert(0, {tests!r}); import {{0}} as program; program.main()"
    for name, module in ("renode", "renode_stand_in"), ("renode-test", "renode_keywords"):
        command = f'"{sys.executable}" -c "{start.format(module)}" "$@"'
        # As Renode's own launcher, it does not replace itself by the program proper; renode-test
        # starts that itself, and knows it by its process id.
        script = f'[ "$1" != --robot-server-port ] || exec {command}\n{command}\nexit $?\n'
        program = folder / name
        program.write_text(f"#!/bin/sh\n{script}")
        program.chmod(0o755)


def main() -> None:
    if "--robot-server-port" in sys.argv:
        import renode_keywords

        renode_keywords.serve()
        return
    parser = argparse.ArgumentParser(prog="renode")
    for flag in ("--console", "--disable-gui", "--plain"):
        parser.add_argument(flag, action="store_true", required="--version" not in sys.argv)
    parser.add_argument("--version", action="store_true")
    parser.add_argument("-e", dest="commands", default="")
    arguments = parser.parse_args()
    if arguments.version:
        print(VERSION)
        return
    fault = os.environ.get("STAND_IN_FAULT", "")
    if attempts := os.environ.get("STAND_IN_ATTEMPTS"):  # a file: only the first start goes wrong
        with Path(attempts).open("a+") as file:
            file.seek(0)
            fault = "" if file.read() else fault
            file.write("started\n")
    Path(os.environ["XDG_CONFIG_HOME"], "renode").mkdir()  # its settings and its history
    Path(tempfile.mkdtemp(), "history").touch()
    dotnet()
    monitor = Monitor()
    for command in arguments.commands.split("; "):
        go_wrong(fault, command.split()[0])
        try:
            monitor.run(command, Path.cwd())
        except (ValueError, KeyError) as error:
            print(f"There was an error executing command '{command}'", flush=True)
            print(error, flush=True)
            wait_for_ever()
    go_wrong(fault, "console")
    for line in sys.stdin:  # the console, until it is closed
        print(f"({monitor.name}) {line.strip()}", flush=True)
        monitor.run(line.strip(), Path.cwd())
    time.sleep(0.5)  # its shutdown
    if Environment.called:
        wait_for_ever()
    os._exit(0)
