"""gate.toml: how much may grow where."""

from __future__ import annotations

from pathlib import Path

import pytest
from boardless.core.errors import BadInput
from boardless.judge import tolerances


def test_the_last_tolerance_that_fits_counts(tmp_path: Path) -> None:
    file = tmp_path / "gate.toml"
    file.write_text(
        """
        tolerance = [
          { metric = "instructions*", percent = 2 },
          { metric = "instructions.layer", percent = 3, model = "digits_cnn:*" },
          { metric = "*", percent = 1, board = "other" },
        ]
        """
    )
    found = tolerances.load(file)
    assert found.of("mobile_lenet:int8", "mps2-an386")("instructions.layer") == 2
    assert found.of("digits_cnn:int8", "mps2-an386")("instructions.layer") == 3
    assert found.of("digits_cnn:int8", "other")("instructions.layer") == 1
    assert found.of("digits_cnn:int8", "mps2-an386")("arena_bytes") == 0


def test_tolerances_that_fit_nothing_are_named() -> None:
    entries = [
        tolerances.Tolerance("instructions*", 1.0, "digits_cnn:*", "mps2-*"),
        tolerances.Tolerance("cycles.cortex-m4.layer", 1.0),
        tolerances.Tolerance("instuctions", 1.0),
        tolerances.Tolerance("*", 1.0, "gone:int8", "gone"),
    ]
    assert tolerances.Tolerances(tuple(entries)).idle() == [
        "models/gate.toml: tolerance 3 is unused: no metric is 'instuctions'",
        "models/gate.toml: tolerance 4 is unused: no model is 'gone:int8'",
        "models/gate.toml: tolerance 4 is unused: no board is 'gone'",
    ]


@pytest.mark.parametrize("text", ["[[tolerance]]\npercent = 1", "tolerances = []", "x", "\xff"])
def test_a_damaged_tolerance_file_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "gate.toml"
    file.write_bytes(text.encode("latin1"))
    with pytest.raises(BadInput, match=r"gate\.toml: "):
        tolerances.load(file)


def test_the_committed_tolerances_allow_nothing() -> None:
    assert tolerances.load() == tolerances.Tolerances()
    assert tolerances.load(Path("nowhere.toml")) == tolerances.Tolerances()
