"""Reads Renode's platform files, as much of the language as firmware/boards uses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

ENTRY = re.compile(r"(\w+): ([\w.]+) @ sysbus(?: (0x[0-9A-Fa-f]+)| <(0x\w+), \+(0x\w+)>)?")
PROPERTY = re.compile(r"    (\w+): (\S.*)")
INTERRUPT = re.compile(r"    (?:([\w,\[\]]+) )?-> (\w+)@(\d+|\[[\d,]+\])")
KNOWN = {  # class -> the properties that its constructor takes
    "Memory.MappedMemory": {"size"},
    "IRQControllers.NVIC": {"priorityMask", "systickFrequency"},
    "CPU.CortexM": {"cpuType", "nvic"},
    "UART.CMSDK_APB_UART": {"frequency"},
    "UART.STM32_UART": {"frequency"},
    "UART.STM32F7_USART": {"frequency"},
    "UART.NRF52840_UART": set(),
    "UART.NS16550": set(),
    "CPU.RiscV32": {"cpuType", "timeProvider"},
    "IRQControllers.CoreLevelInterruptor": {"frequency"},
    "IRQControllers.PlatformLevelInterruptController": {
        *("numberOfSources", "numberOfContexts", "prioritiesEnabled")
    },
}
SEVERAL_OUTPUTS = {"UART.STM32F7_USART"}  # "-> nvic@37" is error E15 there: which of them?
SIZES = {
    "UART.CMSDK_APB_UART": 0x1000,
    "UART.STM32F7_USART": 0x400,
    "UART.NRF52840_UART": 0x1000,
    "UART.NS16550": 0x100,
    "IRQControllers.NVIC": 0x1000,
    "IRQControllers.CoreLevelInterruptor": 0x10000,
    "IRQControllers.PlatformLevelInterruptController": 0x4000000,
}


@dataclass
class Peripheral:
    """One entry of a platform file."""

    name: str
    kind: str
    address: int | None
    size: int = 0
    properties: dict[str, str] = field(default_factory=dict)
    interrupts: dict[str, tuple[str, int]] = field(default_factory=dict)  # output -> (to, number)

    @property
    def range(self) -> range:
        return range(self.address or 0, (self.address or 0) + self.size)


def platform(path: Path) -> dict[str, Peripheral]:
    """name -> peripheral; ValueError names the line that is none of the language."""
    found: dict[str, Peripheral] = {}
    current: Peripheral | None = None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        text = line.split("//")[0].rstrip()
        if not text:
            continue
        if match := ENTRY.fullmatch(text):
            name, kind, point, start, size = match.groups()
            if name in found or kind not in KNOWN:
                raise ValueError(f"{path}:{number}: {name} again, or unknown {kind}")
            address = int(point or start, 16) if point or start else None
            current = Peripheral(name, kind, address, int(size, 16) if size else SIZES.get(kind, 0))
            found[name] = current
        elif current and (match := INTERRUPT.fullmatch(text)):
            if match[1] is None and current.kind in SEVERAL_OUTPUTS:
                raise ValueError(
                    f"{path}:{number}: Error E15: Ambiguous interrupt of {current.name}"
                )
            numbers = match[3].strip("[]").split(",")
            outputs = (match[1] or "IRQ").strip("[]").split(",")
            for output, irq in zip(outputs, numbers, strict=True):
                current.interrupts[output] = (match[2], int(irq))
        elif current and (match := PROPERTY.fullmatch(text)) and match[1] in KNOWN[current.kind]:
            current.properties[match[1]] = match[2]
            if match[1] == "size":
                current.size = int(match[2], 16)
        else:
            raise ValueError(f"{path}:{number}: {line!r}")
    for peripheral in found.values():
        for target, _ in peripheral.interrupts.values():
            if target not in found:
                raise ValueError(f"{path}: {peripheral.name} interrupts {target}, which is nothing")
    return found


def commands(path: Path) -> list[str]:
    """The monitor's commands in a .resc."""
    lines = (line.strip() for line in path.read_text().splitlines())
    return [line for line in lines if line and not line.startswith(("#", ":"))]
