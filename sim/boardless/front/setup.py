"""Installs what boardless needs of the system, or says how.

plan = setup.plan(["qemu-system-arm"])
print(plan.how)    # apt-get install -y --no-install-recommends qemu-system-arm
setup.install(plan)
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from boardless.core.errors import ToolFailed, ToolMissing

# What other systems call Debian's packages. Only shown: nobody has tried these here.
OTHERS = {
    "brew": {
        "gcc-arm-none-eabi": "gcc-arm-embedded",
        "qemu-system-arm": "qemu",
        "qemu-system-misc": "qemu",
        "gcc": "gcc",
        "git": "git",
    },
    "dnf": {
        "gcc-arm-none-eabi": "arm-none-eabi-gcc-cs",
        "libnewlib-arm-none-eabi": "arm-none-eabi-newlib",
        "qemu-system-arm": "qemu-system-arm",
        "gcc": "gcc",
        "libc6-dev": "glibc-devel",
        "git": "git",
    },
    "pacman": {
        "gcc-arm-none-eabi": "arm-none-eabi-gcc",
        "libnewlib-arm-none-eabi": "arm-none-eabi-newlib",
        "qemu-system-arm": "qemu-system-arm",
        "gcc": "gcc",
        "git": "git",
    },
}
INSTALL = {"brew": "brew install", "dnf": "sudo dnf install", "pacman": "sudo pacman -S"}


@dataclass(frozen=True)
class Plan:
    """The Debian packages that are missing, and how to get them: `commands` where this can be done
    here, none where a person has to."""

    packages: tuple[str, ...]
    how: str
    commands: tuple[tuple[str, ...], ...] = ()


def plan(packages: Sequence[str]) -> Plan:
    """Returns how to install Debian packages on this system."""
    wanted = tuple(dict.fromkeys(packages))
    if shutil.which("apt-get"):
        root = () if getattr(os, "geteuid", lambda: 1)() == 0 else ("sudo",)
        install = (*root, "apt-get", "install", "-y", "--no-install-recommends", *wanted)
        commands = ((*root, "apt-get", "update", "-qq"), install)
        can = not root or shutil.which("sudo")
        return Plan(wanted, " ".join(install), commands if can else ())
    for manager, names in OTHERS.items():
        if shutil.which(manager):
            found = dict.fromkeys(names[name] for name in wanted if name in names)
            return Plan(wanted, f"{INSTALL[manager]} {' '.join(found)}")
    return Plan(wanted, f"install what this system calls {', '.join(wanted)}")


def install(what: Plan) -> None:
    """Runs the commands of a plan: ToolMissing where a person has to, ToolFailed if one fails."""
    if not what.commands:
        raise ToolMissing("cannot be installed from here", hint=f"by hand: {what.how}")
    for command in what.commands:
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        # What apt says is no result of ours: it goes to where messages go.
        if subprocess.run(command, stdout=2, env=environment, check=False).returncode:
            raise ToolFailed(f"{' '.join(command)} failed", hint=f"by hand: {what.how}")
