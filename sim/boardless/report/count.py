"""The output of `boardless count`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from boardless.cycles.counts import OUTSIDE
from boardless.cycles.estimate import Cycles, Line, Target, estimate, lines
from boardless.device.counting import bare
from boardless.device.records import Board
from boardless.report import estimates, profile, table
from boardless.report.table import number, words


@dataclass(frozen=True)
class Count:
    """A whole run, or its regions."""

    result: bare.BareRun
    board: Board
    emulator: dict[str, str]  # name, version
    regions: tuple[str, ...]  # BEGIN:END as asked for; none: all of the run
    lines: tuple[Line, ...]  # of the functions asked for
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
    found = lines(counted, result.image.functions, targets, wanted)
    if functions:
        found = tuple(line for line in found if line.function in functions)
    cycles = tuple(estimate(counted, target) for target in targets)
    return Count(result, board, emulator, tuple(regions), found, cycles)


def show(count: Count, most: int) -> None:
    """Prints counts by region, if any, then by function."""
    if count.regions:
        names = [number(f"cycles {c.target.name}") for c in count.cycles]
        rows = []
        for k, region in enumerate(count.regions):
            part = profile.add(region, [line for line in count.lines if line.region == k])
            priced = [f"{c:,.0f}" for c in part.cycles] or ["0"] * len(names)
            rows.append((region, f"{part.instructions:,}", *priced))
        table.show("by region", (words("region"), number("instructions", 1), *names), rows)
    profile.show_functions(count.lines, count.cycles, most)
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
            {"region": region} | profile.sums(part, count.cycles)
            for k, region in enumerate(count.regions)
            if (part := profile.add(region, [x for x in count.lines if x.region == k]))
        ],
        "functions": profile.functions_record(count.lines, count.cycles),
        "exit_code": count.result.exit_code,
        "stdout": count.result.stdout.decode("utf8", "replace"),
    }
