"""`boardless run --metrics` on an emulated board: one boot, figures that follow from outputs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from boardless.data import datasets
from command_line import Cli

pytestmark = pytest.mark.emulated
N = 24


@pytest.fixture
def npz(tmp_path: Path) -> Path:
    test = datasets.held_out("digits", N).test
    groups = np.array(["even", "odd"])[np.arange(N) % 2]
    path = tmp_path / "digits.npz"
    np.savez(path, images=test.images, labels=test.labels, groups=groups)
    return path


def test_all_metrics(cli: Cli, npz: Path, tmp_path: Path) -> None:
    page = tmp_path / "digits.html"
    arguments = ("--images", str(npz), "--metrics", "all", "--html", str(page), "--json", "-")
    done = cli("run", "digits_cnn", *arguments)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    found, labels = result["metrics"], np.load(npz)["labels"]
    outputs = np.array(result["outputs"])
    assert result["images"] == len(outputs) == N
    right = outputs.argmax(axis=1) == labels
    assert found["missing"] == {}
    assert found["top_1"] == result["accuracy"]["device"] == right.mean()
    assert found["top_1"] <= found["top_5"] <= 1
    assert found["latency"]["instructions"]["p50"] == result["instructions"]["median"]
    assert found["latency"]["cycles"]["cortex-m4"]["p50"] == result["cycles"]["cortex-m4"]["median"]
    assert np.trace(found["confusion"]) == right.sum()
    assert sum(c["labelled"] for c in found["classes"]) == N
    even, odd = found["fairness"]["groups"]
    assert (even["name"], even["right"], odd["right"]) == (
        "even",
        right[::2].sum(),
        right[1::2].sum(),
    )
    curves = found["robustness"]["corrupted"]
    assert set(curves) == {"noise", "blur", "brightness", "jpeg"}
    assert curves["blur"][4] < found["robustness"]["clean"]
    assert sum(b["pictures"] for b in found["calibration"]["bins"]) == N
    text = page.read_text()
    for title in ("Per class", "Accuracy on corrupted pictures", "Expected calibration error"):
        assert f"<h4>{title}" in text


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--metrics", "fairness"], "no fairness: the pictures have no groups; add `groups`"),
        (["--metrics", "f1"], "--metrics: unknown metric 'f1'; one of all, top-1"),
    ],
)
def test_a_metric_that_is_not_possible(arguments: list[str], line: str, cli: Cli) -> None:
    done = cli("run", "digits_cnn", "--limit", "2", *arguments)
    assert done.returncode == 2
    assert line in done.stderr.splitlines()[-1]
