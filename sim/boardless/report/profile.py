"""The output of `boardless profile`: tables, JSON, CSV, speedscope, a picture."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from boardless.cycles import image as images
from boardless.cycles.estimate import Cycles, Line, lines
from boardless.device.records import Build, Run
from boardless.model import profiles
from boardless.report import estimates, runs, table
from boardless.report.table import Heading, number, words

LONGEST_NAME = 32  # in a table


@dataclass(frozen=True)
class Profile:
    """One inference, cut into layers and functions."""

    build: Build
    lines: tuple[Line, ...]  # of one inference
    cycles: tuple[Cycles, ...]  # one per target, in the order of Line.cycles
    inferences: int  # that were counted


def of(run: Run) -> Profile:
    """Returns the profile of the first inference of a counted run whose outputs are right."""
    counted = run.counts.counted
    assert counted is not None
    targets = [c.target for c in run.cycles]
    found = lines(counted, images.load(run.build.elf).functions, targets, counted.regions, pass_=0)
    return Profile(run.build, found, run.cycles, counted.passes)


@dataclass(frozen=True)
class Part:
    """A sum of lines: a layer, a function, or the whole."""

    name: str
    op: str
    macs: int
    calls: int
    instructions: int
    cycles: tuple[float, ...]


def layers(profile: Profile) -> list[Part]:
    """Every layer in order, then what lies between them."""
    known = {layer.index: layer for layer in profile.build.layers}
    parts = []
    for index, layer in known.items():
        here = [line for line in profile.lines if line.region == index]
        parts.append(add(layer.name, here, op=layer.op, macs=layer.macs))
    overhead = [line for line in profile.lines if line.region not in known and line.region >= 0]
    return [*parts, add("between layers", overhead, op="overhead")] if overhead else parts


def functions(lines: Iterable[Line]) -> list[Part]:
    """Every function, the most expensive first (by the first target, else by instructions)."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.function, []).append(line)
    parts = [add(name, here) for name, here in found.items()]
    return sorted(parts, key=lambda p: (*(-c for c in p.cycles[:1]), -p.instructions, p.name))


def add(name: str, lines: Sequence[Line], op: str = "", macs: int = 0) -> Part:
    targets = len(lines[0].cycles) if lines else 0
    return Part(
        name=name,
        op=op,
        macs=macs,
        calls=sum(line.calls for line in lines),
        instructions=sum(line.instructions for line in lines),
        cycles=tuple(sum(line.cycles[k] for line in lines) for k in range(targets)),
    )


# ---- tables ----


def show(profile: Profile, most: int) -> None:
    """Prints layers, then the `most` expensive functions, then the error of the estimates."""
    every = layers(profile)
    whole = add("one inference", profile.lines, macs=sum(p.macs for p in every))
    table.show(
        f"{profile.build.model} on {profile.build.board.name}",
        (
            number(""),
            words("op"),
            words("name", 4),
            number("MACs", 5),
            number("instructions", 6),
            *_headings(profile.cycles),
            number("share", 1),
        ),
        [
            *(
                (
                    str(i) if p.op != "overhead" else "",
                    p.op,
                    short(p.name),
                    *_figures(p, whole, profile),
                )
                for i, p in enumerate(every)
            ),
            ("", "", whole.name, *_figures(whole, whole, profile)),
        ],
    )
    show_functions(profile.lines, profile.cycles, most)
    runs.other_runtimes([profile.build])
    for cycles in profile.cycles:
        per_mac = profile.build.per_mac(cycles.median)
        whole_model = f", {per_mac:.2f} per MAC of the model as it was made" if per_mac else ""
        table.note(estimates.summary(cycles) + whole_model)


def show_functions(
    lines: Sequence[Line],
    cycles: Sequence[Cycles],
    most: int,
    together: Mapping[str, float] | None = None,
) -> None:
    """Prints a row per function; `together`: its instructions with those of what it calls."""
    every = functions(lines)
    whole = add("", lines)
    names = [number(f"cycles {c.target.name}") for c in cycles]
    rows = [
        (
            part.name,
            f"{part.calls:,}",
            f"{part.instructions:,}",
            *([f"{together.get(part.name, 0):,.0f}"] if together is not None else []),
            *(f"{c:,.0f}" for c in part.cycles),
            _share(part, whole),
        )
        for part in every[:most]
    ]
    rest = len(every) - most
    title = "by function" + (f", {rest} more not shown" if rest > 0 else "")
    headings = (
        words("function"),
        number("calls", 3),
        number("instructions", 2),
        *([number("with callees", 4)] if together is not None else []),
        *names,
        number("share", 1),
    )
    table.show(title, headings, rows)


def short(name: str) -> str:
    """Returns the distinctive part of a layer's name, which may list all that was fused into it."""
    text = name.split(";")[0].removeprefix("model/")
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 3] + "..."


def _headings(cycles: Sequence[Cycles]) -> list[Heading]:
    """Returns the headings that _figures() has cells for, of each target."""
    found = []
    for c in cycles:
        found += [number(f"cycles {c.target.name}", 2), number("/MAC", 7)]
        found += [number("ms", 3)] if c.target.clock_hz else []
    return found


def _figures(part: Part, whole: Part, profile: Profile) -> list[str]:
    cells = [f"{part.macs:,}" if part.macs else "", f"{part.instructions:,}"]
    for c, value in zip(profile.cycles, part.cycles, strict=True):
        cells += [f"{value:,.0f}", f"{value / part.macs:.2f}" if part.macs else ""]
        time = c.milliseconds(value)
        cells += [f"{time:.3f}"] if time is not None else []
    return [*cells, _share(part, whole)]


def _share(part: Part, whole: Part) -> str:
    value, of = (p.cycles[0] if p.cycles else p.instructions for p in (part, whole))
    return f"{value / of:.1%}" if of else ""


# ---- files ----


def as_csv(profile: Profile) -> str:
    """One row per function within a layer."""
    known = {layer.index: layer for layer in profile.build.layers}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [f"cycles_{c.target.name}" for c in profile.cycles]
    writer.writerow(["layer", "op", "name", "function", "calls", "instructions", *names])
    for line in profile.lines:
        layer = known.get(line.region)
        place = [layer.index, layer.op, layer.name] if layer else ["", "overhead", "between layers"]
        priced = [f"{c:.2f}" for c in line.cycles]
        writer.writerow([*place, line.function, line.calls, line.instructions, *priced])
    return out.getvalue()


def as_speedscope(profile: Profile) -> dict[str, Any]:
    """A file for https://www.speedscope.app: one profile per target, stacks of layer and function.
    Without targets the weights are instructions."""
    known = {
        layer.index: f"{layer.index} {layer.op} {layer.name}" for layer in profile.build.layers
    }
    frames: dict[str, int] = {}

    def frame(name: str) -> int:
        return frames.setdefault(name, len(frames))

    stacks = [
        [frame(known.get(line.region, "between layers")), frame(line.function)]
        for line in profile.lines
    ]
    kinds = [(f"cycles {c.target.name}", k) for k, c in enumerate(profile.cycles)]
    profiles = []
    for name, k in [*kinds, ("instructions", -1)]:
        weights = [
            line.instructions if k < 0 else round(line.cycles[k], 2) for line in profile.lines
        ]
        profiles.append(
            {
                "type": "sampled",
                "name": name,
                "unit": "none",
                "startValue": 0,
                "endValue": sum(weights),
                "samples": stacks,
                "weights": weights,
            }
        )
    return {
        "$schema": "https://www.speedscope.app/file-format-schema.json",
        "name": f"{profile.build.model} on {profile.build.board.name}",
        "exporter": "boardless",
        "activeProfileIndex": 0,
        "shared": {"frames": [{"name": name} for name in frames]},
        "profiles": profiles,
    }


# ---- JSON ----


def record(profile: Profile) -> dict[str, Any]:
    """Returns the JSON of `boardless profile`; figures by layer and function are of one
    inference."""
    return {
        "model": profile.build.model,
        "board": profile.build.board.name,
        "reference": profiles.load(profile.build.profile).named,
        "runtime": profile.build.runtime or None,
        "toolchain": profile.build.toolchain,
        "build_id": profile.build.build_id,
        "inferences": profile.inferences,
        "instructions": sum(line.instructions for line in profile.lines),
        "cycles": estimates.estimates(profile.cycles),
        "milliseconds": estimates.milliseconds(profile.cycles),
        "millijoules": estimates.millijoules(profile.cycles),
        "layers": [
            {"index": i if part.op != "overhead" else None, "op": part.op, "name": part.name}
            | {"macs": part.macs}
            | sums(part, profile.cycles)
            for i, part in enumerate(layers(profile))
        ],
        "functions": functions_record(profile.lines, profile.cycles),
    }


def functions_record(lines: Iterable[Line], cycles: Sequence[Cycles]) -> list[dict[str, Any]]:
    return [
        {"name": part.name, "calls": part.calls} | sums(part, cycles) for part in functions(lines)
    ]


def sums(part: Part, cycles: Sequence[Cycles]) -> dict[str, Any]:
    return {
        "instructions": part.instructions,
        "cycles": {
            c.target.name: round(v, 2)
            for c, v in zip(cycles, part.cycles or [0.0] * len(cycles), strict=True)
        },
    }
