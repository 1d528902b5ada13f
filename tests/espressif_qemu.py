"""The command line of Espressif's QEMU, which its stand-ins share.

given = asked("qemu-system-xtensa", "esp32", "esp32s3")

It takes no plugins, like Espressif's releases; with STAND_IN_PLUGINS it is a build with
--enable-plugins.
"""

from __future__ import annotations

import argparse
import os
import re
import socket
import sys
from dataclasses import dataclass

PARKED = [  # a program for the second core, WAITI 15 and a jump to itself, and where it starts
    "loader,addr=0x50000000,data=0xFFFE46007F00,data-len=8",
    "loader,addr=0x50000000,cpu-num=1",
]


@dataclass(frozen=True)
class Given:
    machine: str
    kernel: str  # the ELF
    line: socket.socket  # the UART
    monitor: int  # its descriptor
    counting: list[str]  # -icount and -plugin, as they were given


def asked(program: str, *machines: str) -> Given:
    """The arguments of a machine that is to start; answers what else is asked itself, and ends."""
    if sys.argv[1:] == ["--version"]:
        print("QEMU emulator version 9.2.2 (esp_develop_9.2.2_20250228)")
        sys.exit()
    if sys.argv[1:] == ["-M", "help"]:
        known = (f"{machine:20} Espressif {machine.upper()} machine" for machine in machines)
        print("Supported machines are:", *known, sep="\n")
        sys.exit()
    if "-plugin" in sys.argv and not os.environ.get("STAND_IN_PLUGINS"):
        sys.exit(f"{program}: plugin interface not enabled in this build")
    parser = argparse.ArgumentParser(prog=program, prefix_chars="-")
    for name in ("M", "display", "monitor", "serial", "mon", "semihosting-config", "kernel"):
        parser.add_argument(f"-{name}", required=True)
    parser.add_argument("-icount")
    parser.add_argument("-plugin")
    parser.add_argument("-chardev", action="append")
    parser.add_argument("-device", action="append", default=[])
    arguments = parser.parse_args()
    assert arguments.M in machines
    assert arguments.serial == "chardev:line"
    assert arguments.mon == "chardev=monitor,mode=control"
    line, monitor = (
        re.fullmatch(rf"socket,id={name},fd=(\d+)", text)
        for name, text in zip(("line", "monitor"), arguments.chardev, strict=True)
    )
    assert line
    assert monitor
    if program == "qemu-system-xtensa":
        assert re.fullmatch(r"shift=\d+,sleep=off", arguments.icount or "")  # else CCOUNT is off
    else:
        assert not arguments.icount, "its timer tells no instructions"
    if arguments.M == "esp32s3":  # else its second core runs, and takes a third of the time
        assert arguments.device == PARKED
    else:
        assert not arguments.device
    counting = ["-icount", arguments.icount] if arguments.icount else []
    counting += ["-plugin", arguments.plugin] if arguments.plugin else []
    connection = socket.socket(fileno=int(line[1]))
    return Given(arguments.M, arguments.kernel, connection, int(monitor[1]), counting)
