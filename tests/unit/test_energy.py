"""Tests of energy: published power, its error, and that parts without data show none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from boardless.core.errors import BadInput
from boardless.cycles import energy, parts

ROWS = """
[[row]]
system = "a runtime"
task = "kws"
microjoules = 1_000
per_second = 20

[[row]]
system = "a runtime"
task = "ad"
microjoules = 100
per_second = 250
"""
HEAD = 'part = "stm32f407"\nclock_hz = 168_000_000\nconditions = "a board"\nsource = "a table"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(energy, "FOLDER", tmp_path)
    energy.load.cache_clear()
    yield tmp_path
    energy.load.cache_clear()


@pytest.mark.parametrize("name", energy.names())
def test_published_power_is_of_a_part_at_its_clock(name: str) -> None:
    power = energy.load(name)
    assert power
    assert power.clock_hz == parts.load(name).clock_hz
    assert power.source.startswith("https://")
    assert max(map(abs, power.errors)) < 13


def test_published_rows_of_the_l4r5_lie_between_69_and_79_milliwatts() -> None:
    power = energy.load("stm32l4r5")
    assert power
    assert len(power.row) == 8
    assert min(1e3 * row.watts for row in power.row) > 69.7
    assert max(1e3 * row.watts for row in power.row) < 78.3


def test_energy_is_power_times_time_and_its_error_leaves_the_row_out(folder: Path) -> None:
    (folder / "stm32f407.toml").write_text(HEAD + ROWS)
    found = energy.estimate("stm32f407", 168_000_000, 0.1)
    assert found
    assert found.millijoules == pytest.approx(0.0225 * 0.1 * 1e3)  # of 20 and 25 mW
    assert found.mean_percent == pytest.approx(22.5)
    assert found.worst_percent == pytest.approx(25)
    assert str(found) == "est. 2.25 mJ (power ±22.5 % mean, 25.0 % worst of 2 published rows)"


def test_a_part_without_data_or_at_another_clock_has_none(folder: Path) -> None:
    (folder / "stm32f407.toml").write_text(HEAD + ROWS)
    assert energy.estimate("stm32f405", 168_000_000, 0.1) is None
    assert energy.estimate("stm32f407", 84_000_000, 0.1) is None


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("microjoules = 100\n", "microjoules = 0\n", "above 0"),
        ('"stm32f407"', '"stm32f405"', "needs part = 'stm32f407'"),
        (ROWS, ROWS[: ROWS.rindex("[[row]]")], "at least 2 rows"),
        ("clock_hz", "clocks", "clocks"),
    ],
)
def test_a_wrong_file_is_refused(folder: Path, old: str, new: str, says: str) -> None:
    (folder / "stm32f407.toml").write_text((HEAD + ROWS).replace(old, new))
    with pytest.raises(BadInput, match=says):
        energy.load("stm32f407")
