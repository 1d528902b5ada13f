"""The columns of a report of runs. Each is one object, and every form of a report renders it: the
table on a terminal, Markdown, HTML, JUnit's properties, the JSON of `boardless run`, the docs.

    column.show(COLUMNS, [values(outcome)])

To add a column, add an object here; nothing else names it.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from boardless.device.records import Run
from boardless.judge.records import Outcome
from boardless.model import profiles, zoo
from boardless.report import estimates, gate, metrics
from boardless.report.column import Column, Key, Values, percent
from boardless.report.measures import (
    accuracy,
    accuracy_text,
    inferences_per_second,
    memory,
    spread,
)


def values(outcome: Outcome) -> Values:
    """Returns the value of each column, by its name."""
    return {column.name: column.value(outcome) for column in COLUMNS}


def record(outcome: Outcome) -> dict[str, Any]:
    """Returns what the columns add to the JSON of `boardless run`."""
    found: dict[str, Any] = {}
    for column in COLUMNS:
        found |= column.record(outcome)
    return found


def _sizes(outcome: Outcome) -> dict[str, int]:
    return memory(outcome.run.build, outcome.run.stack_bytes)


def _error(outcome: Outcome) -> dict[str, Any]:
    verdict = outcome.verdict
    return {"bit_exact": verdict.bit_exact, "max_abs_error": verdict.max_abs_error}


def _accuracy(outcome: Outcome) -> dict[str, Any] | None:
    verdict = outcome.verdict
    found = verdict.accuracy_device, verdict.accuracy_reference
    return accuracy(*found, len(outcome.run.pictures))


def _reference(run: Run) -> dict[str, Any]:
    return {
        "profile": run.build.profile,
        "version": profiles.load(run.build.profile).version(),
        "answered_by": run.answered_by,
        "disagreements": [asdict(found) for found in run.disagreements],
    }


def _time(outcome: Outcome) -> dict[str, Any] | None:
    found = estimates.time(outcome.run)
    if found is None:
        return None
    return {"name": found.name, "milliseconds": float(f"{found.milliseconds:.4g}")}


def _energy(outcome: Outcome) -> dict[str, Any] | None:
    found = estimates.powered(outcome.run)
    if found is None or found.energy is None:
        return None
    millijoules = float(f"{found.energy.millijoules:.3g}")
    return {"name": found.target.name, "millijoules": millijoules}


def _on_a_part(quantity: str) -> dict[str, Any]:
    """Returns what columns of an estimate have in common: of {"name": part, quantity: number}."""
    return {
        "better": -1,
        "text": lambda v: f"{v[quantity]:,g}",
        "markdown": lambda v: f"{v[quantity]:,g} on {v['name']}",
        "order": lambda v: v[quantity],
        "optional": True,
        "json": lambda outcome: {},  # a field of that name holds it
    }


def _cycles(outcome: Outcome) -> dict[str, Any] | None:
    if not outcome.run.cycles:
        return None
    first = outcome.run.cycles[0]
    return {"target": first.target.name, "median": round(first.median)}


COLUMNS: tuple[Column[Outcome], ...] = (
    Column(
        "model",
        "model",
        "name and type in the zoo, or the name of a file",
        lambda outcome: outcome.run.build.model,
        number=False,
        keys=[Key("model", "string", "such as `digits_cnn:int8`, or the stem of a file's name")],
        junit=False,
    ),
    Column(
        "board",
        "board",
        "one of `boardless boards`",
        lambda outcome: outcome.run.build.board.name,
        number=False,
        keys=[Key("board", "string", "its folder's name")],
        junit=False,
    ),
    Column(
        "pictures",
        "pictures",
        "number of pictures that were run",
        lambda outcome: len(outcome.run.pictures),
        rank=8,
        json=lambda outcome: {
            "images": len(outcome.run.pictures),
            "pictures": outcome.run.pictures.origin,
        },
        keys=[
            Key("images", "integer", "number of pictures"),
            Key("pictures", "string", "which pictures"),
        ],
    ),
    Column(
        "reference",
        "reference",
        "the interpreter whose outputs the board has to give, `litert`, `tflm` or `xnnpack`, and "
        "its version",
        lambda outcome: outcome.run.held_against,
        number=False,
        rank=7,
        json=lambda outcome: {"reference": _reference(outcome.run)},
        keys=[
            Key("reference", "object", "whose outputs the board has to give"),
            Key("reference.profile", "string", "`litert`, `tflm` or `xnnpack`, as --reference"),
            Key("reference.version", "string", "of its package"),
            Key("reference.answered_by", "string", "the interpreter and kernels that computed it"),
            Key(
                "reference.disagreements",
                "list",
                "other references with other outputs: `profile`, `by`, how many `pictures` and "
                "`values` differ, and the `largest` difference",
            ),
        ],
    ),
    Column(
        "agreement",
        "agreement",
        "part of the pictures with the same top-1 class as the reference",
        lambda outcome: outcome.verdict.agreement,
        rank=6,
        better=1,
        text=percent,
        mood=lambda part: "bad" if part < 1 else "",
        keys=[
            Key("agreement", "number", "part of the pictures with the reference's top-1, 0 to 1")
        ],
    ),
    Column(
        "max_error",
        "max error",
        "`bit-exact`, or the largest absolute difference of a raw output",
        _error,
        rank=9,
        text=lambda v: "bit-exact" if v["bit_exact"] else f"{v['max_abs_error']:.2g}",
        order=lambda v: v["max_abs_error"],
        json=_error,
        keys=[
            Key("bit_exact", "boolean"),
            Key(
                "max_abs_error",
                "number",
                "largest difference of a raw output; of integers in units of the last place",
            ),
        ],
    ),
    Column(
        "accuracy",
        "accuracy",
        "top-1 against the labels; `?` without labels. Below 30 pictures: how many are right, and "
        "the bounds between which the accuracy lies with a confidence of 95 %",
        _accuracy,
        rank=5,
        better=1,
        text=lambda v: accuracy_text(v["right"], v["of"]),
        order=lambda v: v["device"],
        keys=[
            Key("accuracy", "object or null", "top-1 against the labels, 0 to 1; null without"),
            Key("accuracy.device", "number"),
            Key("accuracy.reference", "number"),
            Key("accuracy.right", "integer", "pictures that the device classifies as labelled"),
            Key("accuracy.of", "integer", "pictures"),
            Key("accuracy.interval", "list", "lower and upper bound, with a confidence of 95 %"),
        ],
    ),
    Column(
        "card_accuracy",
        "card accuracy",
        "of the zoo's model on all held-out pictures, as its card states",
        lambda outcome: zoo.card_accuracy(outcome.run.build.model),
        rank=4,
        text=percent,
        missing="",
        optional=True,
        keys=[Key("card_accuracy", "number or null", "on all held-out pictures, 0 to 1")],
    ),
    *metrics.COLUMNS,
    Column(
        "instructions",
        "instructions",
        "of the median inference, counted exactly",
        lambda outcome: spread(outcome.run.counts.instructions),
        rank=7,
        better=-1,
        text=lambda v: f"{v['median']:,}",
        order=lambda v: v["median"],
        keys=[
            Key(
                "instructions",
                "object or null",
                "per inference, counted; null where nothing counts",
            ),
            Key("instructions.min", "integer"),
            Key("instructions.median", "integer"),
            Key("instructions.max", "integer"),
        ],
    ),
    Column(
        "est_cycles",
        "est. cycles",
        "of the median inference on the board's core, with memory that never waits; the error of "
        "the estimate is stated below the table",
        _cycles,
        rank=1,
        better=-1,
        text=lambda v: f"{v['median']:,}",
        order=lambda v: v["median"],
        json=lambda outcome: {
            "cycles": estimates.estimates(outcome.run.cycles),
            "milliseconds": estimates.times(outcome.run),
            "millijoules": estimates.millijoules(outcome.run.cycles),
        },
        keys=[
            Key("cycles", "object", "estimates, by core or part"),
            Key("cycles.TARGET", "[estimate](#estimate)"),
            Key("cycles.TARGET.min", "integer", "per inference"),
            Key("cycles.TARGET.median", "integer"),
            Key("cycles.TARGET.max", "integer"),
            Key(
                "milliseconds",
                "object",
                "of the median inference, by part; without one, by the board where its clock is "
                "known",
            ),
            Key("milliseconds.PART", "number"),
            Key("millijoules", "object", "estimates, by part whose power is published"),
            Key("millijoules.PART", "object"),
            Key("millijoules.PART.inference", "number", "of the median inference"),
            Key(
                "millijoules.PART.power_error_percent", "number", "of the mean power, not the time"
            ),
            Key("millijoules.PART.worst_power_error_percent", "number"),
        ],
    ),
    Column(
        "est_ms",
        "est. ms",
        "milliseconds of the median inference: on the part that the board carries or `--part` "
        "names, with waits for its flash; else at the clock of the board. A line below the table "
        "says which",
        _time,
        rank=4,
        **_on_a_part("milliseconds"),
    ),
    Column(
        "est_mj",
        "est. mJ",
        "millijoules of the median inference on the first part whose power is published; empty "
        "where none is. A line below the table says how far off the power is",
        _energy,
        rank=6,
        missing="",
        **_on_a_part("millijoules"),
    ),
    Column(
        "ram",
        "RAM",
        "bytes of `.data` and `.bss` (they hold the arena) plus the deepest stack use that was "
        "measured",
        lambda outcome: _sizes(outcome)["ram_bytes"],
        rank=2,
        better=-1,
        json=lambda outcome: {"memory": _sizes(outcome)},
        keys=[Key("memory", "[memory](#memory)")],
    ),
    Column(
        "flash",
        "flash",
        "bytes of code, constants and weights",
        lambda outcome: _sizes(outcome)["flash_bytes"],
        rank=3,
        better=-1,
        json=lambda outcome: {},  # `memory` holds it
    ),
    Column(
        "inferences_per_second",
        "inf/s",
        "emulated inferences per second of wall-clock time (not the board's speed)",
        lambda outcome: inferences_per_second(outcome.run),
        rank=10,
        text=lambda speed: f"{speed:.0f}",
        keys=[Key("inferences_per_second", "number or null", "of the emulation, not of the board")],
        junit=False,
        steady=False,
    ),
    Column(
        "ok",
        "verdict",
        "`ok` or `WRONG`. Integers: every output is equal to the last bit. float32: the same "
        "top-1, and every output within 1e-5 of the largest output (of 1, if that is larger)",
        lambda outcome: outcome.verdict.ok,
        number=False,
        text=lambda ok: "ok" if ok else "WRONG",
        mood=lambda ok: "good" if ok else "bad",
        order=int,
        json=lambda outcome: {"ok": outcome.verdict.ok, "reason": outcome.verdict.reason},
        keys=[
            Key(
                "ok",
                "boolean",
                "integers: every bit equal. float32: same top-1, in tolerance",
            ),
            Key("reason", "string", "why not, in one line; empty where ok"),
        ],
        junit=False,
    ),
    Column(
        "gate",
        "gate",
        "result against the stored baseline: `ok`, `better`, `N worse`, `changed`, "
        "`not comparable`, `no baseline`",
        lambda outcome: (
            outcome.comparison and {"verdict": outcome.comparison.word, "ok": outcome.comparison.ok}
        ),
        number=False,
        text=lambda v: v["verdict"],
        mood=lambda v: "good" if v["ok"] else "bad",
        order=lambda v: v["verdict"],
        missing="",
        optional=True,
        json=lambda outcome: {"gate": gate.row(outcome.comparison)} if outcome.comparison else {},
        junit=False,
    ),
)
