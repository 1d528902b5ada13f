"""The JSON of the command line's contract: keys may be added, never renamed."""

from __future__ import annotations

import errno
import json
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from boardless.core import files
from boardless.core.errors import BadInput
from boardless.device.records import Board, HardwareCycles, Run
from boardless.judge import suspicions
from boardless.judge.budgets import Checked
from boardless.judge.records import Outcome
from boardless.report import columns, measures


def run(outcome: Outcome) -> dict[str, Any]:
    """Returns the JSON of `boardless run` for one model on one board."""
    run, verdict = outcome.run, outcome.verdict
    return {
        **columns.record(outcome),
        "emulator": {"name": run.emulator, "version": run.emulator_version},
        "runtime": run.build.runtime or None,
        "toolchain": run.build.toolchain,
        "build_id": run.build.build_id,
        "link": run.link,
        "mismatches": [
            {
                "index": i,
                "device": int(run.outputs[i].argmax()),
                "reference": int(run.reference[i].argmax()),
            }
            for i in verdict.mismatches
        ],
        "outputs": run.outputs.tolist(),
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
        "seconds": {k: round(v, 4) for k, v in run.seconds.items()},
        "notes": list(run.notes),
        "mapping": list(run.pictures.mapping),
        "warnings": [*run.pictures.doubts, *suspicions.find(run.pictures, run.reference)],
        **({"budgets": budgets(outcome.budgets)} if outcome.budgets else {}),
    }


def budgets(checked: Sequence[Checked]) -> list[dict[str, Any]]:
    """Returns the JSON of budgets: bytes, or milliseconds on a part."""
    return [
        {
            "budget": f"max-{each.what}",
            "part": each.where or None,
            "limit": each.limit,
            "found": round(each.found, 4),
            "exceeded": each.exceeded,
            "layer": each.layer.index if each.layer else None,
            "of_layer": round(each.of_layer, 4),
        }
        for each in checked
    ]


def device(measured: HardwareCycles | None, estimates: dict[str, float]) -> dict[str, Any] | None:
    """Returns the JSON of a real board's counter, None without one. `estimates` are cycles of an
    inference by core, compared with the measured median: positive percent if the estimate is too
    high."""
    if measured is None:
        return None
    cycles = measures.spread(measured.cycles)
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
    """Returns device() as a sentence, "" where no board has measured anything."""
    found = device(run.counts.hardware, {c.target.name: c.median for c in run.cycles})
    if not found or not found["cycles"]:
        return ""
    clock = f" at {found['clock_hz'] / 1e6:g} MHz" if found["clock_hz"] else ""
    off = [f"{target} {error:+.1f} %" for target, error in found["error_percent"].items()]
    return (
        f"{found['cycles']['median']:,} cycles{clock} by the board's own counter "
        f"({found['counter']})" + (f"; the estimate is off by {', '.join(off)}" if off else "")
    )


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
    """Writes `data` to a file, or to standard output for "-"."""
    text = as_json(data) + "\n"
    if target == "-":
        sys.stdout.write(text)
        return
    write_text(text, Path(target))


def as_json(data: Any) -> str:
    """Returns `data` as JSON, which has no NaN and no infinity: they are the strings "nan", "inf"
    and "-inf"."""
    try:
        return json.dumps(data, indent=1, allow_nan=False)
    except ValueError:
        return json.dumps(_without_nan(data), indent=1, allow_nan=False)


def _without_nan(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _without_nan(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_without_nan(value) for value in data]
    return str(data) if isinstance(data, float) and not math.isfinite(data) else data


def check_target(target: str) -> None:
    """Raises BadInput if the file cannot be written, before the work instead of after it."""
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
        files.write(path, text.encode("utf8", "backslashreplace"))
    except OSError as error:
        raise BadInput(f"cannot write ({error.strerror})", where=str(path)) from error
