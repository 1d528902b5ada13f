"""The command line of Espressif's QEMU, which its stand-ins share.

given = asked("qemu-system-xtensa", "esp32")

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


@dataclass(frozen=True)
class Given:
    kernel: str  # the ELF
    line: socket.socket  # the UART
    monitor: int  # its descriptor
    counting: list[str]  # -icount and -plugin, as they were given


def asked(program: str, machine: str) -> Given:
    """The arguments of a machine that is to start; answers what else is asked itself, and ends."""
    if sys.argv[1:] == ["--version"]:
        print("QEMU emulator version 9.2.2 (esp_develop_9.2.2_20250228)")
        sys.exit()
    if sys.argv[1:] == ["-M", "help"]:
        print(f"Supported machines are:\n{machine:20} Espressif {machine.upper()} machine")
        sys.exit()
    if "-plugin" in sys.argv and not os.environ.get("STAND_IN_PLUGINS"):
        sys.exit(f"{program}: plugin interface not enabled in this build")
    parser = argparse.ArgumentParser(prog=program, prefix_chars="-")
    for name in ("M", "display", "monitor", "serial", "mon", "semihosting-config", "kernel"):
        parser.add_argument(f"-{name}", required=True)
    parser.add_argument("-icount")
    parser.add_argument("-plugin")
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
    if machine == "esp32":
        assert re.fullmatch(r"shift=\d+,sleep=off", arguments.icount or "")  # else CCOUNT is off
    else:
        assert not arguments.icount, "its timer tells no instructions"
    counting = ["-icount", arguments.icount] if arguments.icount else []
    counting += ["-plugin", arguments.plugin] if arguments.plugin else []
    return Given(arguments.kernel, socket.socket(fileno=int(line[1])), int(monitor[1]), counting)
