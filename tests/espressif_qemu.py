"""The command line of Espressif's QEMU, which its stand-ins share.

kernel, line = asked("qemu-system-xtensa", "esp32")
"""

from __future__ import annotations

import argparse
import re
import socket
import sys


def asked(program: str, machine: str) -> tuple[str, socket.socket]:
    """The ELF and the UART's line; answers what else is asked itself, and ends."""
    if sys.argv[1:] == ["--version"]:
        print("QEMU emulator version 9.2.2 (esp_develop_9.2.2_20250228)")
        sys.exit()
    if sys.argv[1:] == ["-M", "help"]:
        print(f"Supported machines are:\n{machine:20} Espressif {machine.upper()} machine")
        sys.exit()
    parser = argparse.ArgumentParser(prog=program, prefix_chars="-")
    for name in ("M", "display", "monitor", "chardev", "serial", "semihosting-config", "kernel"):
        parser.add_argument(f"-{name}", required=True)
    arguments = parser.parse_args()
    assert (arguments.M, arguments.serial) == (machine, "chardev:line")
    found = re.fullmatch(r"socket,id=line,fd=(\d+)", arguments.chardev)
    assert found
    return arguments.kernel, socket.socket(fileno=int(found[1]))
