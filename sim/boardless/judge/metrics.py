"""Computes how good a classifier is, of the outputs of the device and the labels. Pure.

found = measure(run, names, corrupted)
found.calibration.error

Agreement with the reference says whether the firmware is right; these figures say whether the
model is. scores.py has the formulas.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from boardless.core.errors import BadInput
from boardless.data import corruptions
from boardless.data.records import Pictures
from boardless.device.records import Run
from boardless.judge import scores
from boardless.judge.scores import Calibration, Integers, PerClass, PerGroup

ALL = "all"
LATENCY, FAIRNESS, ROBUSTNESS = "latency", "fairness", "robustness"
NAMES = ("top-1", "top-5", LATENCY, "per-class", FAIRNESS, ROBUSTNESS, "calibration")
MOST_CLASSES = 100  # of a confusion matrix


@dataclass(frozen=True)
class Robustness:
    """The accuracy on clean pictures, and by the kind of corruption at each strength."""

    clean: float
    corrupted: Mapping[str, tuple[float, ...]]

    @property
    def mean(self) -> float:
        """The mean accuracy of all corruptions."""
        return float(np.mean([*self.corrupted.values()]))


@dataclass(frozen=True)
class Metrics:
    """The metrics that were asked for, and why some of them are missing."""

    top_1: float | None = None
    top_5: float | None = None
    instructions: dict[int, int] | None = None  # of an inference, by percentile
    measured: dict[int, int] | None = None  # cycles, by a real board's own counter
    cycles: dict[str, dict[int, float]] = field(default_factory=dict)  # estimates, by target, too
    milliseconds: dict[str, dict[int, float]] = field(default_factory=dict)
    classes: tuple[PerClass, ...] = ()
    confusion: Integers | None = None  # (classes, classes): labels by predictions
    groups: tuple[PerGroup, ...] = ()
    robustness: Robustness | None = None
    calibration: Calibration | None = None
    missing: Mapping[str, str] = field(default_factory=dict)  # name -> reason

    @property
    def gap(self) -> float | None:
        """The difference in accuracy between the best and the worst group."""
        found = [group.accuracy for group in self.groups]
        return max(found) - min(found) if found else None


def parse(text: str) -> tuple[str, ...]:
    """Returns the names in "all" or "A,B,...", in the order of NAMES; BadInput for unknown ones."""
    asked = [name.strip() for name in text.split(",")]
    if asked == [ALL]:
        return (ALL,)
    for name in asked:
        if name not in NAMES:
            raise BadInput(
                f"unknown metric {name!r}",
                where="--metrics",
                hint=f"one of all, {', '.join(NAMES)}",
            )
    return tuple(name for name in NAMES if name in asked)


def chosen(
    asked: Sequence[str], fed: Pictures, classes: int
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Returns (names of the metrics that these pictures allow, why not the others). Of ("all",)
    that is what there is; of names, BadInput where one of them cannot be computed."""
    lacking = {name: _lacking(name, fed, classes) for name in NAMES}
    if tuple(asked) == (ALL,):
        missing = {name: reason for name, (reason, _) in lacking.items() if reason}
        return tuple(name for name in NAMES if name not in missing), missing
    for name in asked:
        reason, hint = lacking[name]
        if reason:
            raise BadInput(f"no {name}: {reason}", where=fed.origin, hint=hint)
    return tuple(asked), {}


def _lacking(name: str, fed: Pictures, classes: int) -> tuple[str, str]:
    """Returns (what a metric lacks, what to do about it), empty where it can be computed."""
    if name == LATENCY:
        return "", ""
    if classes < 2:
        return "the model does not tell classes apart by one output each", "ask for latency"
    if fed.labels is None:
        return "the pictures have no labels", "name labelled ones with --images"
    if name == "top-5" and classes <= 5:
        return f"with {classes} classes it is always 100 %", "ask for top-1"
    if name == FAIRNESS and fed.groups is None:
        return "the pictures have no groups", "add `groups` to the .npz, or give --groups FILE"
    if name == ROBUSTNESS and not corruptions.possible(fed):
        return "only gray or RGB pictures can be corrupted", "give `images`, not `inputs`"
    return "", ""


def measure(
    run: Run, names: Sequence[str], corrupted: Mapping[str, Run], missing: Mapping[str, str]
) -> Metrics:
    """Returns the metrics `names` of a run. `corrupted` are runs on the same pictures, by
    corruptions.name(); `missing` says why other metrics are not among `names`."""
    outputs, labels, groups = run.outputs, run.pictures.labels, run.pictures.groups
    found: dict[str, Any] = {}
    if labels is not None:
        top = outputs.argmax(axis=1)
        if "top-1" in names:
            found["top_1"] = scores.top_k(outputs, labels, 1)
        if "top-5" in names:
            found["top_5"] = scores.top_k(outputs, labels, 5)
        if "per-class" in names:
            counts = scores.confusion(top, labels, outputs.shape[1])
            found["classes"] = scores.per_class(counts, run.pictures.classes)
            found["confusion"] = counts if len(counts) <= MOST_CLASSES else None
        if FAIRNESS in names and groups is not None:
            found["groups"] = scores.per_group(top == labels, groups)
        if ROBUSTNESS in names:
            found["robustness"] = robustness(run, corrupted, labels)
        if "calibration" in names:
            scale, zero = run.output_scale
            real = (outputs.astype(np.float64) - zero) * scale
            if np.isfinite(real).all():
                step = 0.0 if outputs.dtype.kind == "f" else scale
                found["calibration"] = scores.calibration(real, labels, step)
            else:
                missing = {**missing, "calibration": "some outputs are no finite numbers"}
    if LATENCY in names:
        found |= latency(run)
        if not (found["instructions"] or found["cycles"] or found["measured"]):
            reason = run.counts.missing or run.counts.cycles_missing or "nothing was counted"
            missing = {**missing, LATENCY: reason}
    return Metrics(**found, missing=missing)


def robustness(run: Run, corrupted: Mapping[str, Run], labels: Integers) -> Robustness:
    """Returns the accuracy of a run, and of the runs on its corrupted pictures."""
    curves = {
        kind: tuple(
            scores.top_k(corrupted[corruptions.name(kind, strength)].outputs, labels, 1)
            for strength in range(1, corruptions.STRENGTHS + 1)
        )
        for kind in corruptions.KINDS
    }
    return Robustness(scores.top_k(run.outputs, labels, 1), curves)


def latency(run: Run) -> dict[str, Any]:
    """Returns instructions, cycles and milliseconds of an inference by percentile."""
    cycles = {c.target.name: scores.percentiles(c.inferences) for c in run.cycles}
    clocks = {c.target.name: c.target.clock_hz for c in run.cycles if c.target.clock_hz}
    hardware = run.counts.hardware
    return {
        "instructions": _whole(run.counts.instructions),
        "measured": _whole(hardware.cycles if hardware else ()),
        "cycles": cycles,
        "milliseconds": {
            target: {p: 1e3 * n / hertz for p, n in cycles[target].items()}
            for target, hertz in clocks.items()
        },
    }


def _whole(values: Sequence[int]) -> dict[int, int] | None:
    return {p: int(n) for p, n in scores.percentiles(values).items()} if values else None
