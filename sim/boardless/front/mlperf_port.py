"""Executes MLPerf Tiny's runner with our pseudo-terminal as the only serial port that it finds.

    python mlperf_port.py /dev/pts/3 benchmark/runner -d devices.yaml -m a ...

It runs in the Python that has what the runner imports, so it imports nothing of boardless. No USB
device is looked for, and a power monitor is not there: pyusb and joulescope need not be installed.
"""

from __future__ import annotations

import runpy
import sys
import types
from pathlib import Path

VENDOR, PRODUCT = 0x1209, 0x0001  # of pid.codes, for tests of one's own


class Port:
    """A serial port as pyserial lists it."""

    vid, pid = VENDOR, PRODUCT
    description = "boardless: an emulated board"

    def __init__(self, device: str) -> None:
        self.device = device


def offer(port: str) -> None:
    """Makes pyserial and pyusb list this port, and nothing else."""
    from serial.tools import list_ports

    vars(list_ports)["comports"] = lambda include_links=False: [Port(port)]
    usb, core, joulescope = map(types.ModuleType, ("usb", "usb.core", "joulescope"))
    vars(usb)["core"] = core
    vars(core)["find"] = lambda **_: []
    vars(joulescope)["scan"] = list
    sys.modules |= {"usb": usb, "usb.core": core, "joulescope": joulescope}


def main() -> None:
    port, folder = sys.argv[1:3]
    offer(port)
    program = str(Path(folder, "main.py"))
    sys.argv = [program, *sys.argv[3:]]
    sys.path[0] = folder
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main()
