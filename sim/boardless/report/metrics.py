"""Shows the metrics of a classifier: columns of the table of runs, JSON, and tables of their own.

metrics.tables(outcome.metrics)    # for a terminal and for the page
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from boardless.data import corruptions
from boardless.judge.metrics import Metrics
from boardless.judge.records import Outcome
from boardless.judge.scores import PerClass
from boardless.report import measures, table
from boardless.report.column import Column, Key, percent
from boardless.report.page_records import FigureTable

MOST = 20  # classes that are shown


def _of(outcome: Outcome) -> Metrics:
    return outcome.metrics or Metrics()


def _worst_group(outcome: Outcome) -> dict[str, Any] | None:
    groups = _of(outcome).groups
    if not groups:
        return None
    worst = min(groups, key=lambda group: group.accuracy)
    return {"name": worst.name, "accuracy": worst.accuracy}


def _calibration(outcome: Outcome) -> float | None:
    found = _of(outcome).calibration
    return found.error if found else None


def _corrupted(outcome: Outcome) -> float | None:
    found = _of(outcome).robustness
    return found.mean if found else None


def _json(outcome: Outcome) -> dict[str, Any]:
    return {"metrics": record(outcome.metrics)} if outcome.metrics else {}


def _nothing(outcome: Outcome) -> dict[str, Any]:
    return {}  # `metrics` holds it


COLUMNS: tuple[Column[Outcome], ...] = (
    Column(
        "top_5",
        "top-5",
        "part of the pictures whose label is among the five largest outputs, with `--metrics`",
        lambda outcome: _of(outcome).top_5,
        rank=11,
        better=1,
        text=percent,
        missing="",
        optional=True,
        json=_json,
        keys=[Key("metrics", "[metrics](#metrics)", "with `--metrics`")],
    ),
    Column(
        "worst_group",
        "worst group",
        "accuracy of the group that is classified worst, with `--metrics`",
        _worst_group,
        rank=12,
        better=1,
        text=lambda v: f"{v['accuracy']:.2%} ({v['name']})",
        order=lambda v: v["accuracy"],
        missing="",
        optional=True,
        json=_nothing,
    ),
    Column(
        "corrupted",
        "corrupted",
        "mean accuracy on pictures with noise, blur, more brightness and JPEG, at five strengths "
        "each, with `--metrics`",
        _corrupted,
        rank=13,
        better=1,
        text=percent,
        missing="",
        optional=True,
        json=_nothing,
    ),
    Column(
        "calibration_error",
        "calibration error",
        "mean difference between confidence and accuracy, with `--metrics`",
        _calibration,
        rank=14,
        better=-1,
        text=percent,
        missing="",
        optional=True,
        json=_nothing,
    ),
)


def record(found: Metrics) -> dict[str, Any]:
    """Returns the JSON of metrics; null for those that are missing or were not asked for."""
    calibration, robustness = found.calibration, found.robustness
    return {
        "top_1": found.top_1,
        "top_5": found.top_5,
        "latency": _latency(found),
        "classes": [
            {
                "name": c.name,
                "labelled": c.labelled,
                "predicted": c.predicted,
                "right": c.right,
                "precision": c.precision,
                "recall": c.recall,
            }
            for c in found.classes
        ]
        or None,
        "confusion": None if found.confusion is None else found.confusion.tolist(),
        "fairness": {
            "gap": found.gap,
            "groups": [
                {
                    "name": g.name,
                    "pictures": g.pictures,
                    "right": g.right,
                    "accuracy": g.accuracy,
                    "interval": [round(x, 4) for x in measures.interval(g.right, g.pictures)],
                }
                for g in found.groups
            ],
        }
        if found.groups
        else None,
        "robustness": robustness
        and {
            "clean": robustness.clean,
            "mean": robustness.mean,
            "corrupted": {kind: list(curve) for kind, curve in robustness.corrupted.items()},
        },
        "calibration": calibration
        and {
            "error": calibration.error,
            "softmax": calibration.softmax,
            "bins": [
                {
                    "low": b.low,
                    "high": b.high,
                    "pictures": b.pictures,
                    "confidence": b.confidence,
                    "accuracy": b.accuracy,
                }
                for b in calibration.bins
            ],
        },
        "missing": dict(found.missing),
    }


def _latency(found: Metrics) -> dict[str, Any] | None:
    if not (found.instructions or found.measured or found.cycles):
        return None

    def named(values: dict[int, Any], digits: int | None = None) -> dict[str, Any]:
        return {f"p{p}": round(value, digits) for p, value in values.items()}

    return {
        "instructions": named(found.instructions) if found.instructions else None,
        "measured": named(found.measured) if found.measured else None,
        "cycles": {target: named(values) for target, values in found.cycles.items()},
        "milliseconds": {part: named(values, 4) for part, values in found.milliseconds.items()},
    }


def tables(found: Metrics | None) -> list[FigureTable]:
    """Returns the metrics as tables; none where none were asked for."""
    if found is None:
        return []
    made = [_top(found), _of_latency(found), _classes(found.classes), _groups(found)]
    made += [_robustness(found), _bins(found)]
    return [each for each in made if each.rows]


def show(outcome: Outcome, names: str) -> None:
    """Writes the tables of an outcome, and what is missing and why; `names` begins each title."""
    for each in tables(outcome.metrics):
        first, *others = each.headings
        headings = [table.words(first), *map(table.number, others)]
        table.note(f"{names}: {each.title}")
        table.show("", headings, each.rows)
    for text in missing(outcome.metrics):
        table.note(f"{names}: {text}")


def missing(found: Metrics | None) -> list[str]:
    """Returns why metrics are missing, as lines."""
    return [f"no {name}: {reason}" for name, reason in found.missing.items()] if found else []


def _part(part: float | None) -> str:
    return "" if part is None else percent(part)


def _top(found: Metrics) -> FigureTable:
    known = [("top-1", found.top_1), ("top-5", found.top_5)]
    rows = [[name, percent(part)] for name, part in known if part is not None]
    return FigureTable("accuracy", ["label among", "pictures"], rows)


def _of_latency(found: Metrics) -> FigureTable:
    rows = []
    if found.instructions:
        rows.append(["instructions", *(f"{n:,}" for n in found.instructions.values())])
    if found.measured:
        rows.append(["cycles, measured", *(f"{n:,}" for n in found.measured.values())])
    for target, cycles in found.cycles.items():
        rows.append([f"est. cycles, {target}", *(f"{n:,.0f}" for n in cycles.values())])
    for part, times in found.milliseconds.items():
        rows.append([f"milliseconds, {part}", *(f"{n:.3f}" for n in times.values())])
    headings = ["of an inference", "median", "90 %", "95 %", "99 %", "largest"]
    return FigureTable("latency, percentiles", headings, rows)


def _classes(classes: Sequence[PerClass]) -> FigureTable:
    title = "per class"
    if len(classes) > MOST:
        title = f"per class, the {MOST} of {len(classes)} with the lowest recall"
        known = [c for c in classes if c.labelled]
        classes = sorted(known, key=lambda c: c.recall or 0.0)[:MOST]
    rows = [
        [c.name, f"{c.labelled:,}", f"{c.predicted:,}", _part(c.precision), _part(c.recall)]
        for c in classes
    ]
    return FigureTable(title, ["class", "labelled", "predicted", "precision", "recall"], rows)


def _groups(found: Metrics) -> FigureTable:
    rows = [
        [g.name, f"{g.pictures:,}", percent(g.accuracy), _between(g.right, g.pictures)]
        for g in found.groups
    ]
    title = f"fairness, largest difference in accuracy {_part(found.gap)}"
    return FigureTable(title, ["group", "pictures", "accuracy", "with a confidence of 95 %"], rows)


def _between(right: int, of: int) -> str:
    low, high = measures.interval(right, of)
    return f"{100 * low:.0f}..{100 * high:.0f} %"


def _robustness(found: Metrics) -> FigureTable:
    robustness = found.robustness
    curves = robustness.corrupted.items() if robustness else ()
    clean = robustness.clean if robustness else 0.0
    rows = [[kind, percent(clean), *map(percent, curve)] for kind, curve in curves]
    strengths = [str(strength) for strength in range(1, corruptions.STRENGTHS + 1)]
    return FigureTable("accuracy on corrupted pictures", ["strength", "none", *strengths], rows)


def _bins(found: Metrics) -> FigureTable:
    calibration = found.calibration
    rows = [
        [
            f"{b.low:.2f}..{b.high:.2f}",
            f"{b.pictures:,}",
            percent(b.confidence),
            percent(b.accuracy),
        ]
        for b in (calibration.bins if calibration else ())
    ]
    title = "calibration"
    if calibration:
        title = f"expected calibration error {percent(calibration.error)}"
        title += ", of the softmax of the outputs" if calibration.softmax else ""
    return FigureTable(title, ["confidence", "pictures", "mean confidence", "accuracy"], rows)
