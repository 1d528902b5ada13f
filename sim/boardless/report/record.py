"""The JSON of the command line's contract: keys may be added, never renamed."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import statistics
import sys
from pathlib import Path
from typing import Any

from boardless.core.errors import BadInput
from boardless.device.records import Board, Build, HardwareCycles, Run
from boardless.judge.records import Outcome
from boardless.model.compiler import Program
from boardless.model.structures import Published
from boardless.report import estimates


def run(outcome: Outcome) -> dict[str, Any]:
    """Returns what `boardless run --json` says about one model on one board."""
    run, verdict = outcome.run, outcome.verdict
    n = len(run.pictures)
    return {
        "model": run.build.model,
        "board": run.build.board.name,
        "emulator": {"name": run.emulator, "version": run.emulator_version},
        "toolchain": run.build.toolchain,
        "build_id": run.build.build_id,
        "link": run.link,
        "images": n,
        "pictures": run.pictures.origin,
        "ok": verdict.ok,
        "reason": verdict.reason,
        "agreement": verdict.agreement,
        "bit_exact": verdict.bit_exact,
        "max_abs_error": verdict.max_abs_error,
        "mismatches": [
            {
                "index": i,
                "device": int(run.outputs[i].argmax()),
                "reference": int(run.reference[i].argmax()),
            }
            for i in verdict.mismatches
        ],
        "accuracy": None
        if verdict.accuracy_device is None
        else {"device": verdict.accuracy_device, "reference": verdict.accuracy_reference},
        "outputs": run.outputs.tolist(),
        "instructions": spread(run.counts.instructions),
        "cycles": estimates.estimates(run.cycles),
        "milliseconds": estimates.milliseconds(run.cycles),
        "device": device(run.counts.hardware, {c.target.name: c.median for c in run.cycles}),
        "nominal_macs": run.build.nominal_macs,
        "layers": [
            {
                "index": layer.index,
                "op": layer.op,
                "name": layer.name,
                "macs": layer.macs,
                "instructions": run.counts.layers[layer.index] if run.counts.layers else None,
                "cycles": {
                    c.target.name: round(c.regions.get(layer.index, 0.0), 2) for c in run.cycles
                },
            }
            for layer in run.build.layers
        ],
        "memory": memory(run.build, run.stack_bytes),
        "seconds": {k: round(v, 4) for k, v in run.seconds.items()},
        "inferences_per_second": inferences_per_second(run),
        "notes": list(run.notes),
    }


def device(measured: HardwareCycles | None, estimates: dict[str, float]) -> dict[str, Any] | None:
    """What a real board's counter says; `estimates` are cycles of an inference by core, set beside
    the measured median: positive percent where the estimate is too high."""
    if measured is None:
        return None
    cycles = spread(measured.cycles)
    median = cycles["median"] if cycles else 0
    return {
        "counter": measured.counter,
        "cycles": cycles,
        "layers": list(measured.layers),
        "clock_hz": measured.clock_hz,
        "error_percent": {
            core: round(100 * (estimate / median - 1), 2) for core, estimate in estimates.items()
        }
        if median
        else {},
    }


def told_by_device(run: Run) -> str:
    """The same in a sentence; "" where no board has measured anything."""
    found = device(run.counts.hardware, {c.target.name: c.median for c in run.cycles})
    if not found or not found["cycles"]:
        return ""
    clock = f" at {found['clock_hz'] / 1e6:g} MHz" if found["clock_hz"] else ""
    off = [f"{target} {error:+.1f} %" for target, error in found["error_percent"].items()]
    return (
        f"{found['cycles']['median']:,} cycles{clock} by the board's own counter "
        f"({found['counter']})" + (f"; the estimate is off by {', '.join(off)}" if off else "")
    )


def memory(build: Build, stack_bytes: int) -> dict[str, int]:
    """Bytes; ram_bytes is .data and .bss (arena included) and the deepest stack seen."""
    return {
        "arena_bytes": build.arena_bytes,
        "weights_bytes": build.weights_bytes,
        "code_bytes": build.code_bytes,
        "stack_bytes": stack_bytes,
        "flash_bytes": build.flash_bytes,
        "ram_bytes": build.static_ram_bytes + stack_bytes,
    }


def plan(
    program: Program,
    disjoint_bytes: int,
    published: Published | None,
    measured: list[dict[str, int]],
) -> dict[str, Any]:
    """What `boardless plan --json` says about one model. Steps of buffers are layer numbers, the
    number of layers being the end; `disjoint_bytes` is the arena without overlapping outputs,
    `measured` the memory of a build and of one that keeps its input, or empty."""
    arena = program.arena
    peak = program.layers[arena.peak_step] if arena.peak_step < len(program.layers) else None
    joint = [
        (arena.buffers[o.output].name, arena.buffers[o.input].name, size)
        for o in arena.overlaps
        for k, size in arena.shared(o.output)
        if k == o.input and arena.buffers[o.output].first == arena.peak_step
    ]
    return {
        "model": program.name,
        "arena_bytes": arena.arena_bytes,
        "arena_lower_bound": arena.lower_bound,
        "disjoint_bytes": disjoint_bytes,
        "peak": peak and {"layer": peak.index, "op": peak.op, "name": peak.name},
        "peak_overlaps": [
            {"output": output, "input": source, "bytes": size} for output, source, size in joint
        ],
        "memory": measured[0] if measured else None,
        "memory_input_kept": measured[1] if measured else None,
        "published": published and dataclasses.asdict(published),
        "buffers": arena.picture(),
    }


def inferences_per_second(run: Run) -> float | None:
    """Of the emulation, not of the board."""
    infer = run.seconds.get("infer", 0.0)
    return round(len(run.pictures) / infer, 2) if infer else None


def spread(values: tuple[int, ...]) -> dict[str, int] | None:
    """min, median and max; None where nothing was counted."""
    if not values:
        return None
    return {"min": min(values), "median": statistics.median_low(values), "max": max(values)}


def board(board: Board, available: dict[str, str]) -> dict[str, Any]:
    """`available`: emulator -> what is missing, "" where it can run."""
    return {
        "name": board.name,
        "core": board.core,
        "description": board.description,
        "emulators": sorted(board.emulators),
        "flash_bytes": board.memory.flash_bytes,
        "ram_bytes": board.memory.ram_bytes,
        "available": any(not missing for missing in available.values()),
        "missing": {k: v for k, v in available.items() if v},
    }


def write(data: Any, target: str) -> None:
    """To a file, or to standard output for "-"."""
    text = json.dumps(data, indent=1) + "\n"
    if target == "-":
        sys.stdout.write(text)
        return
    write_text(text, Path(target))


def check_target(target: str) -> None:
    """BadInput where no file can be written: to be said before the work, not after it."""
    path = Path(target)
    folder = path.absolute().parent
    if target == "-":
        return
    if path.is_dir():
        number = errno.EISDIR
    elif not folder.is_dir():
        number = errno.ENOTDIR if folder.exists() else errno.ENOENT
    elif not os.access(path if path.exists() else folder, os.W_OK):
        number = errno.EACCES
    else:
        return
    raise BadInput(f"cannot write ({os.strerror(number)})", where=target)


def write_text(text: str, path: Path) -> None:
    """BadInput where that cannot be written."""
    try:
        path.write_text(text, encoding="utf8")
    except OSError as error:
        raise BadInput(f"cannot write ({error.strerror})", where=str(path)) from error
