"""The output of `boardless count`."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from boardless.cycles import callers
from boardless.cycles.counts import OUTSIDE, Counted
from boardless.cycles.estimate import Cycles, Line, Target, estimate, lines
from boardless.cycles.image import Symbol
from boardless.device.counting import bare
from boardless.device.records import Board
from boardless.report import estimates, profile, table
from boardless.report.table import number, words

SECONDS = 10  # only guard a hang


@dataclass(frozen=True)
class Count:
    """A whole run, or its regions."""

    result: bare.BareRun
    board: Board
    emulator: dict[str, str]  # name, version
    regions: tuple[str, ...]  # BEGIN:END as asked for; none: all of the run
    all_lines: tuple[Line, ...]  # of every function
    lines: tuple[Line, ...]  # of the functions asked for
    together: dict[str, float]  # instructions of a function with those that it calls
    executions: tuple[int, ...]  # of each region: how often it ran
    cycles: tuple[Cycles, ...]  # one per target


def of(
    result: bare.BareRun,
    board: Board,
    emulator: dict[str, str],
    targets: Sequence[Target],
    regions: Sequence[str],
    functions: Sequence[str],
) -> Count:
    counted = result.counted
    wanted = [k for k in counted.regions if k != OUTSIDE] if regions else [OUTSIDE]
    known = result.image.named
    shown = names(known, board.toolchain.prefix)
    every = lines(counted, shown, targets, wanted)
    asked = {shown[k].name for k, f in enumerate(known) if f.name in functions} | {*functions}
    found = tuple(x for x in every if x.function in asked) if functions else every
    cycles = tuple(estimate(counted, target) for target in targets)
    begins = [bare.region(result.image, text)[0] for text in regions]
    return Count(
        result,
        board,
        emulator,
        tuple(regions),
        every,
        found,
        _together(result, shown, wanted, every),
        tuple(_executions(counted, k, begin) for k, begin in enumerate(begins)),
        cycles,
    )


def names(functions: Sequence[Symbol], prefix: str) -> list[Symbol]:
    """Returns functions with the names that their source gives them, where they are of C++ and the
    tool chain's c++filt is there."""
    mangled = [f.name for f in functions if f.name.startswith("_Z")]
    tool = shutil.which(f"{prefix}c++filt")
    if not mangled or tool is None:
        return list(functions)
    text = "\n".join(mangled) + "\n"
    try:
        done = subprocess.run([tool], input=text, capture_output=True, text=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return list(functions)
    plain = dict(zip(mangled, done.stdout.splitlines(), strict=False))
    return [replace(f, name=plain.get(f.name, f.name)) for f in functions]


def _executions(counted: Counted, region: int, begin: int) -> int:
    """Returns how often a region ran: its first instruction is executed once each time."""
    if region not in counted.regions:
        return 0
    here = counted.code.address == begin
    return int(counted.tally(region).executed[here].sum())


def _together(
    result: bare.BareRun, functions: Sequence[Symbol], wanted: Sequence[int], every: Sequence[Line]
) -> dict[str, float]:
    """Returns instructions of each function with those it calls, of the run or its regions."""
    counted = result.counted
    total: dict[str, float] = {}
    for region in wanted:
        own = {x.function: float(x.instructions) for x in every if x.region == region}
        row = np.array([own.get(f.name, 0.0) for f in functions])
        tally = counted.tally(region)
        sums = callers.inclusive(functions, result.image.isa, counted.code, tally, row)
        for f, value in zip(functions, sums.tolist(), strict=True):
            total[f.name] = total.get(f.name, 0.0) + value
    return total


def show(count: Count, most: int) -> None:
    """Prints counts by region, if any, then by function."""
    if count.regions:
        columns = [number(f"cycles {c.target.name}") for c in count.cycles]
        rows = []
        for k, region in enumerate(count.regions):
            part = profile.add(region, [line for line in count.all_lines if line.region == k])
            priced = [f"{c:,.0f}" for c in part.cycles] or ["0"] * len(columns)
            rows.append((region, f"{count.executions[k]:,}", f"{part.instructions:,}", *priced))
        headings = (words("region"), number("executions", 2), number("instructions", 1), *columns)
        table.show("by region, all executions together", headings, rows)
    profile.show_functions(count.lines, count.cycles, most, count.together)
    for region, executions in zip(count.regions, count.executions, strict=True):
        if not executions:
            table.note(f"{region}: never ran from its begin to its end, so nothing is counted")
    for cycles in count.cycles:
        table.note(f"est. cycles: {cycles.basis}")
    if count.result.exit_code:
        table.line(f"the program's exit status: {count.result.exit_code}")


def record(count: Count) -> dict[str, Any]:
    """Returns the JSON of `boardless count`."""
    whole = profile.add("", count.lines)
    return {
        "elf": str(count.result.image.path),
        "board": count.board.name,
        "emulator": count.emulator,
        "instructions": whole.instructions,
        "cycles": {
            c.target.name: {
                **estimates.described(c),
                "total": round(whole.cycles[k], 2) if whole.cycles else 0,
            }
            for k, c in enumerate(count.cycles)
        },
        "regions": [
            {"region": region, "executions": count.executions[k]} | profile.sums(part, count.cycles)
            for k, region in enumerate(count.regions)
            if (part := profile.add(region, [x for x in count.all_lines if x.region == k]))
        ],
        "functions": [
            function | {"inclusive_instructions": round(count.together.get(function["name"], 0))}
            for function in profile.functions_record(count.lines, count.cycles)
        ],
        "exit_code": count.result.exit_code,
        "stdout": count.result.stdout.decode("utf8", "replace"),
    }
