"""A case that has not changed is not measured again; worker processes end as they should."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

import pytest
from boardless.core.errors import ToolFailed
from boardless.path import GATE, Progress, Request, quiet, workers
from boardless.path.measuring import Measurement
from command_line import Cli

pytestmark = pytest.mark.emulated
AGAIN = "unchanged, not measured again (--fresh does)"


def results(file: Path) -> list[dict[str, Any]]:
    """Returns the JSON of a `sim` without what clocks say."""
    found: list[dict[str, Any]] = json.loads(file.read_text())
    for case in found:
        for name in ("seconds", "inferences_per_second"):
            case.pop(name, None)
    return found


def test_all_cases_are_the_same_measured_again(cli: Cli, tmp_path: Path) -> None:
    """Every model of the zoo on both default boards: what is stored is what a new run measures. It
    is the call of `nox -s sim`, whose results are taken where they are there already."""

    def sim(name: str, *options: str) -> str:
        """Returns the closing line."""
        done = cli("sim", "--quiet", *options, "--json", str(tmp_path / name), CI="")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.splitlines()[-1]

    again = f"; 54 {AGAIN}"  # the other 6 do not fit
    stored = sim("stored")
    if not stored.endswith(again):  # some had to be measured
        stored = sim("stored")
    fresh = sim("fresh", "--fresh")
    assert stored == f"{fresh}{again}"
    cases = results(tmp_path / "fresh")
    assert (len(cases), len([case for case in cases if case["ok"]])) == (60, 54)
    assert results(tmp_path / "stored") == cases


def test_ci_measures_all(cli: Cli) -> None:
    for variable, again in (("", False), ("", True), ("true", False), ("1", False)):
        done = cli("gate", "digits_cnn:int8", "--board", "mps2-an386", CI=variable)
        assert done.returncode == 0, done.stderr
        if variable or again:
            assert (AGAIN in done.stdout) == again, variable


def test_a_changed_source_is_measured_again(cli: Cli, own_board: Path) -> None:
    words = ("gate", "digits_cnn:int8", "--board", "my-board")
    cli(*words, CI="")
    assert AGAIN in cli(*words, CI="").stdout
    board = own_board / "board.toml"
    # of this run alone: what an earlier run of the tests has measured is found again
    board.write_text(board.read_text() + f"# a remark: {secrets.token_hex(8)}\n")
    assert AGAIN not in cli(*words, CI="").stdout


def requests(*models: str) -> list[Request]:
    return [Request(model, "mps2-an386", sets=(GATE,), jobs=1) for model in models]


class Dying(workers.Worker):
    """A process that dies of one model."""

    def measure(self, request: Request, progress: Progress) -> workers.Answer:
        if request.model == "digits_cnn:float32":
            self.process.kill()
        return super().measure(request, progress)


def test_a_process_that_dies_takes_only_its_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "Worker", Dying)
    found: dict[int, workers.Answer] = {}
    asked = requests("digits_cnn:float32", "digits_cnn:int8", "digits_cnn:float32", "digits_cnn")
    workers.measure_all(asked, quiet, found.__setitem__, jobs=2)
    for number in (0, 2):
        assert isinstance(found[number], ToolFailed)
        assert str(found[number]) == (
            "digits_cnn:float32 mps2-an386: its process ended with SIGKILL"
        )
    for number in (1, 3):
        assert isinstance(found[number], Measurement)


def test_an_unknown_failure_is_reported_as_the_bug_that_it_is() -> None:
    with pytest.raises(ValueError, match="no such set"):
        workers.measure_all(
            [Request("digits_cnn", "mps2-an386", sets=("no such set",))] * 2,
            quiet,
            lambda number, result: None,
            jobs=2,
        )
