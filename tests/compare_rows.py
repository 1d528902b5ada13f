"""Rows of `boardless compare` without a device, whose texts can be hostile.

shown = rows(HOSTILE)     # two runtimes that were measured, and one that refuses
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from boardless.cycles import cores, parts
from boardless.cycles.estimate import Cycles, Target
from boardless.device.records import MarkedLayer
from boardless.front.compare import CompareRow
from boardless.judge.predictions import Verdict

RIGHT = Verdict(True, "", 1.0, True, 0.0, (), None, None)
WRONG = Verdict(False, "", 0.5, False, 2.0, (1,), None, None)
Layer = tuple[str, str, int]  # operator, name, instructions


def run(layers: list[Layer], profile: str, text: str = "", *, priced: bool = True) -> Any:
    """A run of two pictures; cycles on an STM32L4R5 are twice the instructions."""
    target = Target(cores.load("cortex-m4"), parts.load("stm32l4r5"))
    counts = tuple(count for _, _, count in layers)
    total = sum(counts) + 10
    regions = {index: 2.0 * count for index, count in enumerate(counts)}
    cycles = Cycles(target, (2.0 * total, 2.0 * total), regions, None, None, "table")
    build = SimpleNamespace(
        profile=profile,
        runtime=text,
        layers=tuple(MarkedLayer(i, op, name, 1) for i, (op, name, _) in enumerate(layers)),
        arena_bytes=1,
        weights_bytes=2,
        code_bytes=3,
        flash_bytes=1_234_567,
        static_ram_bytes=234_567,
    )
    return SimpleNamespace(
        build=build,
        stack_bytes=700,
        counts=SimpleNamespace(instructions=(total, total), layers=counts),
        cycles=(cycles,) if priced else (),
        notes=(text,),
        pictures=[0, 1],
    )


class Pictures(list[int]):
    """Pictures of which only the origin and the number are known."""

    origin = ""


def rows(text: str = "x", *, priced: bool = True, board: str = "") -> list[CompareRow]:
    """Returns rows of a model and a board named `text`, or `board`."""
    both: list[Layer] = [("CONV_2D", text, 30_000_000), ("SOFTMAX", "end", 5)]
    more: list[Layer] = [("PAD", "pad", 100), *both]
    found = []
    for name, layers, verdict in (("boardless", both, RIGHT), ("bakenn:cmsis_nn", more, WRONG)):
        made = run(layers, "tflm", text, priced=priced)
        made.pictures = Pictures([0, 1])
        made.pictures.origin = text
        outcome: Any = SimpleNamespace(run=made, verdict=verdict)
        found.append(CompareRow(board or text, name, text, outcome, verdict, model=text))
    refusal = CompareRow(board or text, "bakenn:esp_nn", text, refused=f"no {text}", model=text)
    return [*found, refusal]
