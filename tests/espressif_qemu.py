"""The command line of Espressif's QEMU, which its stand-ins share.

kernel, line, monitor = asked("qemu-system-xtensa", "esp32")
"""

from __future__ import annotations

import argparse
import re
import socket
import sys


def asked(program: str, machine: str) -> tuple[str, socket.socket, int]:
    """The ELF, the UART's line and the monitor's descriptor; answers what else is asked itself, and
    ends."""
    if sys.argv[1:] == ["--version"]:
        print("QEMU emulator version 9.2.2 (esp_develop_9.2.2_20250228)")
        sys.exit()
    if sys.argv[1:] == ["-M", "help"]:
        print(f"Supported machines are:\n{machine:20} Espressif {machine.upper()} machine")
        sys.exit()
    parser = argparse.ArgumentParser(prog=program, prefix_chars="-")
    for name in ("M", "display", "monitor", "serial", "mon", "semihosting-config", "kernel"):
        parser.add_argument(f"-{name}", required=True)
    parser.add_argument("-chardev", action="append")
    arguments = parser.parse_args()
    assert (arguments.M, arguments.serial) == (machine, "chardev:line")
    assert arguments.mon == "chardev=monitor,mode=control"
    line, monitor = (
        re.fullmatch(rf"socket,id={name},fd=(\d+)", text)
        for name, text in zip(("line", "monitor"), arguments.chardev, strict=True)
    )
    assert line
    assert monitor
    return arguments.kernel, socket.socket(fileno=int(line[1])), int(monitor[1])
