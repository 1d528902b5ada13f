"""Semihosting of a program in QEMU: the console, the clock, an exit, and files below one folder, if
a user names it.

QEMU would serve semihosting calls itself, with the rights of its user: open any file, remove
it, run a command. Here it never does. It hands each call to a debugger (GDB's File-I/O protocol),
and that debugger is this package:

remote.py   the protocol: packets, the guest's memory and registers
files.py    the folder that a user names: nothing outside of it can be reached
calls.py    which call gets which answer
xtensa.py   QEMU serves an Xtensa's calls itself or not at all: they are off, and trapped instead

    with Semihosting(image, program, output, root=None) as host:
        ...                       # QEMU with host.arguments and host.descriptors
        host.begin()              # the guest starts
        while ...:                # when host.fileno() is readable
            host.answer()
"""

from __future__ import annotations

from boardless.device.semihosting.calls import Output
from boardless.device.semihosting.host import Semihosting, asks, exit_only

__all__ = ["Output", "Semihosting", "asks", "exit_only"]
