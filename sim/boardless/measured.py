"""Calibration facts from runs on a real board: its cycles, and all that made them.

run, verdict = evaluate.evaluate(Request("digits_cnn:int8", "my-board", port="/dev/ttyACM0"), say)
write(run, verdict, Path("my-board.toml"), source="STM32F407G-DISC1 on my desk, 2026-11-21")

A file holds one board at one clock, one compiler and its flags, and a [[program]] per model.
"""

from __future__ import annotations

import configparser
import json
import statistics
import tomllib
from pathlib import Path
from typing import Any

from boardless import paths
from boardless.errors import BadInput
from boardless.records import Run, Verdict

CLOCK_TOLERANCE = 0.01  # two measurements of one clock differ by a tick of the board's timer


def circumstances(run: Run, source: str) -> dict[str, Any]:
    """What all programs of a file share; `source` says in a phrase who measured and where."""
    build, found = run.build, run.counts.measured
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(paths.ROOT / "platformio.ini", encoding="utf8")
    return {
        "title": f"boardless on {build.board.description}",
        "core": build.board.core,
        "board": build.board.name,
        "clock_hz": found.clock_hz if found else 0,
        "compiler": build.toolchain,
        "flags": [*build.board.toolchain.flags, *settings["boardless"]["build_flags"].split()],
        "source": source,
    }


def program(run: Run, verdict: Verdict) -> dict[str, Any]:
    """The facts of one model; BadInput where they would be worth nothing. `cycles` is the median
    of an inference over the pictures, `layers` are cycles of the first one."""
    found = run.counts.measured
    where = f"{run.build.model} on {run.build.board.name}"
    if found is None:
        raise BadInput("no cycles were measured", where=where, hint="a real board needs --port")
    if not verdict.ok:
        raise BadInput(f"cycles of wrong results are no facts: {verdict.reason}", where=where)
    return {
        "name": run.build.model,
        "cycles": statistics.median_low(found.cycles),
        "cycles_min": min(found.cycles),
        "cycles_max": max(found.cycles),
        "inferences": len(found.cycles),
        "layers": list(found.layers),
        "counter": found.counter,
        "build_id": run.build.build_id,
        "held_out": True,  # no number of the model was chosen by it
    }


def write(run: Run, verdict: Verdict, path: Path, source: str) -> None:
    """Adds the model to the file at `path`, or begins one."""
    facts, shared = program(run, verdict), circumstances(run, source)
    try:
        begun = path.exists()
        if begun:
            _same(tomllib.loads(path.read_text(encoding="utf8")), shared, facts["name"], path)
        with path.open("a", encoding="utf8") as file:
            file.write(("" if begun else _toml(shared)) + "\n[[program]]\n" + _toml(facts))
    except OSError as error:
        raise BadInput(f"cannot write ({error.strerror})", where=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(str(error), where=str(path), hint="name another file") from error


def _same(known: dict[str, Any], shared: dict[str, Any], name: str, path: Path) -> None:
    """BadInput where the file belongs to something else, or has the program already."""
    for key in ("core", "board", "compiler", "flags", "clock_hz"):
        old, new = known.get(key), shared[key]
        if key == "clock_hz" and old and abs(new / old - 1) <= CLOCK_TOLERANCE:
            continue
        if old != new:
            raise BadInput(
                f"holds {key} {old}, this is {new}", where=str(path), hint="another file"
            )
    if any(p.get("name") == name for p in known.get("program", [])):
        raise BadInput(f"has {name} already", where=str(path), hint="take that entry out first")


def _toml(table: dict[str, Any]) -> str:
    """JSON's strings, whole numbers, booleans and flat lists are TOML's, too."""
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
