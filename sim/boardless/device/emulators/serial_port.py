"""A real board on a serial port, or whatever else speaks the protocol there.

    boardless run digits_cnn --board my-board --port /dev/ttyACM0 --baud 115200

Nothing is emulated, so nobody counts instructions; the core's own cycle counter is read instead.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import grp
import mmap
import os
import select
import shlex
import socket
import stat
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import serial
from serial.tools import list_ports

from boardless.core import checked
from boardless.core.errors import BadInput, BoardlessError, ToolFailed, ToolMissing
from boardless.device.records import Board

HARDWARE = True
WRITE_TIMEOUT = 10.0  # seconds; only guards a driver that takes no more bytes
FLASH_TIMEOUT = 300.0  # seconds; only guards a hang


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[emulator.serial_port] of a board.toml, all of it optional: --port and --baud go first."""

    port: str = ""
    baud: int = 115_200
    flash: str = ""  # the command that puts {elf} onto the board
    clock_hz: int = 0  # of the core; needed where the board has no timer, or inferences are long

    @property
    def shared_memory(self) -> bool:
        return False


def settings(table: dict[str, object]) -> Settings:
    return checked.convert(table, Settings)


def on_port(board: Board, port: str, baud: int | None, clock_hz: int | None = None) -> Board:
    """`board`, to be found at `port`; any board can be a real one."""
    known: Settings = board.emulators.get("serial_port", Settings())
    chosen = msgspec.structs.replace(
        known, port=port, baud=baud or known.baud, clock_hz=clock_hz or known.clock_hz
    )
    return dataclasses.replace(board, emulators=board.emulators | {"serial_port": chosen})


def version(board: Board) -> str:
    """Names the port; ToolMissing if none is given."""
    here: Settings = board.emulators["serial_port"]
    if not here.port:
        raise ToolMissing("no port is named", hint="connect the board and say --port DEVICE")
    return f"{here.port} at {here.baud:,} baud"


def flash_hint(board: Board, elf: Path) -> str:
    """Says how to flash `elf` onto this board."""
    here: Settings = board.emulators["serial_port"]
    return f"flash it: {here.flash.replace('{elf}', str(elf))}" if here.flash else f"flash {elf}"


def flash(board: Board, elf: Path) -> None:
    """Puts `elf` onto the board with the command that its board.toml names."""
    here: Settings = board.emulators["serial_port"]
    where = f"board {board.name}"
    try:
        command = [word.replace("{elf}", str(elf)) for word in shlex.split(here.flash)]
    except ValueError as error:
        raise BadInput(f"the flash command is no command: {error}", where=where) from error
    if not command:
        hint = 'add flash = "COMMAND {elf}" to [emulator.serial_port] of its board.toml'
        raise BadInput("no command is known that flashes it", where=where, hint=hint)
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=FLASH_TIMEOUT,
            check=False,
        )
    except FileNotFoundError as error:
        raise ToolMissing(f"{command[0]} is not installed", where=where) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolFailed(f"flashing did not finish: {error}", where=where) from error
    if done.returncode:
        lines = done.stdout.decode(errors="replace").split("\n")
        said = next((line.strip() for line in reversed(lines) if line.strip()), "nothing")
        what = f"{command[0]} ended with status {done.returncode}: {said[:200]}"
        raise ToolFailed(what, where=where, hint="is the board connected?")


def start(board: Board, elf: Path, *, shared: bool) -> PortSession:
    """Opens the port; whatever runs there keeps running, and should be `elf`."""
    here: Settings = board.emulators["serial_port"]
    try:
        port = serial.Serial(
            here.port, here.baud, timeout=0, write_timeout=WRITE_TIMEOUT, exclusive=True
        )
    except (serial.SerialException, OSError, ValueError, OverflowError) as error:
        raise refused(here, error) from error
    return PortSession(here.port, port)


def instructions(board: Board, ticks: int) -> int | None:
    return None


def refused(here: Settings, error: Exception) -> BoardlessError:
    """Why a port cannot be opened, and what to do."""
    path = Path(here.port)
    number = getattr(error, "errno", None)
    if isinstance(error, serial.SerialTimeoutException):
        return ToolFailed("the port does not answer", where=here.port, hint="plug it in again")
    if number == errno.ENOENT or not path.exists():
        known = ", ".join(sorted(p.device for p in list_ports.comports())) or "none"
        return BadInput("there is no such port", where=here.port, hint=f"ports here: {known}")
    if number in (errno.EACCES, errno.EPERM):
        return ToolFailed("you may not open this port", where=here.port, hint=_membership(path))
    if number in (errno.EAGAIN, errno.EBUSY):
        return ToolFailed("another program has the port", where=here.port, hint="end that program")
    if not stat.S_ISCHR(path.stat().st_mode) or "configure port" in str(error):
        return BadInput("this is no serial port", where=here.port, hint="name the board's port")
    if isinstance(error, (ValueError, OverflowError)):
        return BadInput(f"the port cannot run at {here.baud} baud", where=here.port)
    return ToolFailed(f"cannot open the port: {error}", where=here.port, hint="plug it in again")


def _membership(path: Path) -> str:
    """Says how to get access to a device file."""
    try:
        group = grp.getgrgid(path.stat().st_gid).gr_name
    except (OSError, KeyError):
        group = "dialout"
    return f"as root: usermod -aG {group} {os.environ.get('USER', 'USER')}, then log in again"


@dataclass
class PortSession:
    """An open port as a Session."""

    name: str
    port: serial.Serial
    shared: mmap.mmap | None = None
    wake: tuple[socket.socket, socket.socket] = field(default_factory=socket.socketpair)

    def send(self, data: bytes) -> None:
        try:
            self.port.write(data)
        except (serial.SerialException, OSError) as error:
            raise self.vanished(error) from error

    def receive(self, timeout: float) -> bytes:
        ready, _, _ = select.select([self.fileno(), self.wake[0].fileno()], [], [], timeout)
        if not ready:
            return b""
        if self.wake[0].fileno() in ready:
            raise ToolFailed("closed", where=self.name)
        try:
            return bytes(self.port.read(65536))
        except (serial.SerialException, OSError) as error:
            raise self.vanished(error) from error

    def vanished(self, error: Exception) -> ToolFailed:
        what = "the port vanished in mid-run"
        if isinstance(error, serial.SerialTimeoutException):
            what = "the port takes no more bytes"
        return ToolFailed(what, where=self.name, hint="check the cable, then run it again")

    def fileno(self) -> int:
        return int(self.port.fileno())

    def terminate(self) -> None:
        with contextlib.suppress(OSError):  # closed already
            self.wake[1].send(b"x")  # ends receive()

    def close(self) -> None:
        with contextlib.suppress(OSError):  # of a device that has gone
            self.port.close()
        for end in self.wake:
            end.close()
