"""The metrics that pictures allow, their values for a run, and how they are shown."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from boardless.core.errors import BadInput
from boardless.cycles.estimate import Cycles
from boardless.data import corruptions
from boardless.data.records import Pictures
from boardless.judge import metrics
from boardless.model.zoo import Scaling
from boardless.report import metrics as shown

FED = Pictures(
    np.zeros((4, 2, 2, 1), np.int8),
    np.array([0, 1, 1, 2]),
    "four",
    ("a", "b", "c"),
    groups=("x", "x", "y", "y"),
    scaling=Scaling(1 / 255),
)
OUTPUTS = np.array([[9, 0, 0], [0, 9, 0], [9, 0, 0], [0, 0, 9]], np.int8)
WORSE = np.array([[0, 9, 0], [9, 0, 0], [9, 0, 0], [0, 0, 9]], np.int8)


def run(outputs: Any, fed: Pictures = FED, cycles: tuple[Cycles, ...] = ()) -> Any:
    """A stand-in for a Run: with what the metrics look at."""
    counts = {"instructions": (5, 7, 6, 8), "hardware": None, "missing": "", "cycles_missing": ""}
    known = {"outputs": outputs, "pictures": fed, "output_scale": (0.5, 0), "cycles": cycles}
    return type("Run", (), known | {"counts": type("Counts", (), counts)})


def corrupted() -> dict[str, Any]:
    made = {name: run(OUTPUTS) for name in all_sets()}
    return made | {"noise 5": run(WORSE)}


def all_sets() -> list[str]:
    strengths = range(1, corruptions.STRENGTHS + 1)
    return [corruptions.name(kind, s) for kind in corruptions.KINDS for s in strengths]


def test_names_are_parsed() -> None:
    assert metrics.parse("all") == ("all",)
    assert metrics.parse("calibration, top-1") == ("top-1", "calibration")
    with pytest.raises(BadInput, match="--metrics: unknown metric 'f1'; one of all, top-1, top-5"):
        metrics.parse("top-1,f1")


def test_all_leaves_out_what_the_pictures_do_not_allow() -> None:
    names, missing = metrics.chosen(("all",), FED, 3)
    assert set(metrics.NAMES) - set(names) == {"top-5"} == set(missing)
    names, missing = metrics.chosen(("all",), dataclasses.replace(FED, labels=None), 10)
    assert names == ("latency",)
    assert set(missing.values()) == {"the pictures have no labels"}
    assert metrics.chosen(("all",), FED, 1)[0] == ("latency",)


@pytest.mark.parametrize(
    ("name", "changes", "line"),
    [
        ("top-1", {"labels": None}, "no labels; name labelled ones with --images"),
        ("fairness", {"groups": None}, "no groups; add `groups` to the .npz, or give --groups"),
        ("robustness", {"scaling": None}, "only gray or RGB pictures .* `images`, not `inputs`"),
        ("robustness", {"inputs": np.zeros((4, 9), np.int8)}, "only gray or RGB pictures"),
        ("top-5", {}, "with 3 classes it is always 100 %"),
    ],
)
def test_a_metric_that_was_named_and_lacks_something(
    name: str, changes: dict[str, Any], line: str
) -> None:
    with pytest.raises(BadInput, match=f"^four: no {name}: .*{line}"):
        metrics.chosen((name,), dataclasses.replace(FED, **changes), 3)


def test_everything_is_measured_of_the_outputs() -> None:
    names = [name for name in metrics.NAMES if name != "top-5"]
    found = metrics.measure(run(OUTPUTS), names, corrupted(), {"top-5": "three classes"})
    assert (found.top_1, found.top_5) == (0.75, None)
    assert found.instructions == {50: 6, 90: 8, 95: 8, 99: 8, 100: 8}
    assert [(c.precision, c.recall) for c in found.classes] == [(0.5, 1), (1, 0.5), (1, 1)]
    assert [(g.name, g.accuracy) for g in found.groups] == [("x", 1.0), ("y", 0.5)]
    assert found.gap == 0.5
    assert found.robustness is not None
    assert found.robustness.corrupted["noise"] == (0.75, 0.75, 0.75, 0.75, 0.25)
    assert found.robustness.mean == pytest.approx((19 * 0.75 + 0.25) / 20)
    assert found.calibration is not None
    assert found.calibration.softmax
    confidence = np.exp(4.5) / (np.exp(4.5) + 2)
    assert found.calibration.error == pytest.approx(abs(confidence - 0.75))
    made = shown.record(found)
    assert made["confusion"] == [[1, 0, 0], [1, 1, 0], [0, 0, 1]]
    assert made["latency"]["instructions"]["p50"] == 6
    assert made["missing"] == {"top-5": "three classes"}
    titles = [each.title for each in shown.tables(found)]
    assert len(titles) == 6
    assert "fairness, largest difference in accuracy 50.00%" in titles


def test_only_what_was_asked_for_is_there() -> None:
    found = metrics.measure(run(OUTPUTS), ["top-1"], {}, {})
    assert found == metrics.Metrics(top_1=0.75)
    assert [each.title for each in shown.tables(found)] == ["accuracy"]


def test_what_the_run_itself_lacks_is_missing() -> None:
    outputs = OUTPUTS.astype(np.float32)
    outputs[0, 0] = np.nan
    made = run(outputs)
    made.counts.instructions, made.counts.missing = (), "nothing counts here"
    found = metrics.measure(made, ["latency", "calibration"], {}, {})
    assert found.missing == {
        "latency": "nothing counts here",
        "calibration": "some outputs are no finite numbers",
    }
    assert shown.tables(found) == []


def test_many_classes_are_cut_to_the_worst() -> None:
    outputs = np.eye(30, dtype=np.int8)
    fed = Pictures(np.zeros((30, 1)), np.arange(30), "thirty")
    outputs[29] = outputs[0]
    (table,) = shown.tables(metrics.measure(run(outputs, fed), ["per-class"], {}, {}))
    assert len(table.rows) == 20
    assert table.rows[0] == ["29", "1", "0", "", "0.00%"]
