"""`boardless bench` on the emulated board: its figures are consistent, and peers are listed."""

from __future__ import annotations

import json

import pytest
from boardless.front import bench
from boardless.front.bench import emulation
from command_line import Cli

pytestmark = pytest.mark.emulated


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """The speed of the emulator is measured as always, but less exactly."""
    for name in ("SPEED_INSTRUCTIONS", "COUNTING_INSTRUCTIONS"):
        monkeypatch.setattr(emulation, name, getattr(emulation, name) // 20)


def test_figures_of_one_model_fit_together(cli: Cli) -> None:
    done = cli("bench", "digits_cnn:int8", "--json", "-")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    (row,) = data["rows"]
    assert data["ok"] is row["ok"] is row["bit_exact"] is True
    assert sum(kind["instructions"] for kind in row["kinds"].values()) == row["instructions"]
    assert sum(kind["macs"] for kind in row["kinds"].values()) == row["macs"] == 3312
    assert row["per_mac"] == pytest.approx(row["instructions"] / row["nominal_macs"])
    assert row["gain"] == pytest.approx(row["reference_kernels"] / row["instructions"])
    assert row["gain"] > 1
    assert row["kinds"]["first convolution"]["layers"] == 1
    assert row["speed"]["inferences_per_second"] > 0
    assert row["cycles"]["cortex-m4"]["cycles"] > row["instructions"]


def test_the_table_names_peers_and_limits(cli: Cli) -> None:
    done = cli("bench", "mobile_lenet:float32")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\x1b" not in done.stdout
    assert "Noodle" in done.stdout
    assert "43.70" in done.stdout
    assert "limit kept: mobile_lenet:float32" in done.stdout
    assert "est. cycles: cortex-m4" in done.stdout


def test_a_model_that_does_not_fit_is_left_out_unless_it_is_asked_for(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    large, small = "fdmobilenet_025:float32", "digits_cnn:int8"
    monkeypatch.setattr(bench, "cases", lambda models: tuple(map(bench.BenchCase, (large, small))))
    done = cli("bench", "--board", "mps3-an547", "--json", "-")
    assert done.returncode == 0, done.stderr
    assert f"not measured: {large} does not fit: FLASH is too small by" in done.stderr
    assert [row["model"] for row in json.loads(done.stdout)["rows"]] == [small]
    assert cli("bench", large, "--board", "mps3-an547").returncode == 2
