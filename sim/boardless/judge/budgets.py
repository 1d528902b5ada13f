"""Budgets that a user sets: flash, RAM and time of an inference.

checks = check(run, Budgets(flash=64_000, ms=20.0))
[line.sentence for line in checks if line.exceeded]

What exceeds one names the layer that matters most for it. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from boardless.core.errors import BadInput
from boardless.cycles.estimate import Cycles
from boardless.device.records import Build, MarkedLayer, Run


@dataclass(frozen=True)
class Budgets:
    """The most that a model may use; None: no budget."""

    flash: int | None = None  # bytes
    ram: int | None = None  # bytes: .data, .bss and the deepest stack that was seen
    ms: float | None = None  # milliseconds of the median inference, on each part that is named

    @property
    def set(self) -> tuple[tuple[str, float], ...]:
        """Returns those that are set, by the names that Checked has."""
        each = ("flash", self.flash), ("ram", self.ram), ("ms", self.ms)
        return tuple((what, limit) for what, limit in each if limit is not None)

    def __bool__(self) -> bool:
        return bool(self.set)


NO_BUDGETS = Budgets()
Largest = tuple[MarkedLayer | None, float]  # a layer, and its bytes or milliseconds


@dataclass(frozen=True)
class Checked:
    """One budget, and what was found."""

    what: str  # flash, ram or ms
    limit: float
    found: float
    where: str = ""  # the part, of a time
    layer: MarkedLayer | None = None  # that matters most
    of_layer: float = 0.0  # bytes or milliseconds of it

    @property
    def exceeded(self) -> bool:
        return self.found > self.limit

    @property
    def sentence(self) -> str:
        """Says in one line what the budget and the figure are, and which layer to look at."""
        number = "{:.4g} ms" if self.what == "ms" else "{:,.0f} bytes"
        name = {"flash": "flash", "ram": "RAM", "ms": f"the time on {self.where}"}[self.what]
        relation = "more" if self.exceeded else "not more"
        text = f"{name} is {number.format(self.found)}, {relation} than --max-{self.what} "
        text += number.format(self.limit)
        if self.layer is None:
            return text
        part = {"flash": "its constants take", "ram": "the arena then holds", "ms": "it takes"}
        layer = f"layer {self.layer.index} {self.layer.op}"
        return f"{text}; look first at {layer}: {part[self.what]} {number.format(self.of_layer)}"


def check(run: Run, budgets: Budgets) -> tuple[Checked, ...]:
    """Returns each budget with what the run has found. BadInput where nothing was found that could
    be compared with one."""
    found = []
    build = run.build
    if budgets.flash is not None:
        found.append(Checked("flash", budgets.flash, build.flash_bytes, "", *of_flash(build)))
    if budgets.ram is not None:
        used = build.static_ram_bytes + run.stack_bytes
        found.append(Checked("ram", budgets.ram, used, "", *of_ram(build)))
    if budgets.ms is not None:
        found += _times(run, budgets.ms)
    return tuple(found)


def _times(run: Run, limit: float) -> list[Checked]:
    found = []
    for cycles in run.cycles:
        time = cycles.milliseconds(cycles.median)
        if time is not None:
            most = of_time(run.build, cycles)
            found.append(Checked("ms", limit, time, cycles.target.name, *most))
    if not found:
        why = next((note for note in run.notes if "cycles" in note), "no part has a clock")
        raise BadInput(
            f"--max-ms has nothing to compare with: {why}",
            where=f"{run.build.model} {run.build.board.name}",
            hint="name a part with --part, such as stm32l4r5",
        )
    return found


def of_flash(build: Build) -> Largest:
    """Returns the layer with most bytes of constants."""
    return _largest(build.layers, {x.index: float(x.weights_bytes) for x in build.layers})


def of_ram(build: Build) -> Largest:
    """Returns the layer during which most bytes of the arena are in use."""
    held = {}
    for layer in build.layers:
        live = [b for b in build.arena_plan if b["first"] <= layer.index <= b["last"]]
        ends = {(b["offset"], b["offset"] + b["size"]) for b in live}
        held[layer.index] = float(_covered(ends))
    return _largest(build.layers, held)


def of_time(build: Build, cycles: Cycles) -> Largest:
    """Returns the slowest layer, in milliseconds of a target with a clock."""
    times = {index: cycles.milliseconds(count) or 0.0 for index, count in cycles.regions.items()}
    return _largest(build.layers, times)


def _covered(ranges: set[tuple[int, int]]) -> int:
    """Returns how many bytes lie in at least one of the ranges."""
    total = at = 0
    for begin, end in sorted(ranges):
        total += max(end, at) - max(begin, at)
        at = max(end, at)
    return total


def _largest(layers: tuple[MarkedLayer, ...], sizes: dict[int, float]) -> Largest:
    """Returns the layer with the largest size, and that; None where no layer has one."""
    known = [layer for layer in layers if sizes.get(layer.index)]
    if not known:
        return None, 0.0
    most = max(known, key=lambda layer: (sizes[layer.index], -layer.index))
    return most, sizes[most.index]
