"""Figures that tests of the gate change one at a time.

new = replaced(instructions=counted(conv_2=100))
"""

from __future__ import annotations

from typing import Any

import msgspec
from boardless.judge.figures import Figures, Spent
from boardless.judge.toolchain import Tools

MEMORY = {
    "arena_bytes": 1000,
    "code_bytes": 5000,
    "flash_bytes": 7000,
    "reserved_stack_bytes": 400,
    "stack_bytes": 400,
    "static_ram_bytes": 1300,
    "weights_bytes": 2000,
}
LAYERS = {"conv 0": 600, "depthwise conv 1": 300, "conv 2": 90}
OLD = Figures("m", "o", "1 2 3", MEMORY, Spent(1000, LAYERS, 1005))
GCC = Tools("gone-gcc 12", ("-O2",), "l", "2.40")


def no_tolerance(metric: str) -> float:
    return 0.0


def counted(**changes: int) -> Spent:
    """The old instructions with other layers, "conv_0" for "conv 0"; the whole is their sum."""
    layers = LAYERS | {k.replace("_", " "): v for k, v in changes.items()}
    return Spent(10 + sum(layers.values()), layers, 15 + sum(layers.values()))


def replaced(**changes: Any) -> Figures:
    return msgspec.structs.replace(OLD, **changes)


def with_memory(**changes: int) -> Figures:
    return replaced(memory=MEMORY | changes)


def priced(whole: int, conv_2: int, table: str = "t") -> Spent:
    return Spent(whole, LAYERS | {"conv 2": conv_2}, table=table)
