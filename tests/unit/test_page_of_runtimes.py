"""The page of runtimes is made of recorded figures, and these are what is measured."""

from __future__ import annotations

import hashlib
import importlib
from pathlib import Path
from types import ModuleType

import msgspec
import pytest
from boardless.core import paths
from boardless.device import boards
from boardless.device.compilers import toolchain
from boardless.model import mlperf_tiny, zoo
from boardless.runtimes import recorded


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module docs/_ext/compare.py."""
    monkeypatch.syspath_prepend(str(paths.ROOT / "docs" / "_ext"))
    return importlib.import_module("compare")


def test_the_page_is_what_the_recorded_figures_make(tool: ModuleType) -> None:
    assert tool.PAGE.read_text(encoding="utf-8") == tool.page(recorded.every()), (
        "run `nox -s compare`"
    )


def test_the_page_has_each_model_on_its_boards_by_both_runtimes(tool: ModuleType) -> None:
    subjects = tool.subjects()
    assert len({subject.digest for subject in subjects}) == len(subjects) == 5 + len(zoo.names())
    there = {(f.digest, f.board, f.runtime.partition(":")[0]) for f in recorded.every()}
    for subject in subjects:
        assert tool.M4 in subject.boards
        for board in subject.boards:
            for runtime in tool.INSTALLED:
                assert (subject.digest, board, runtime) in there


def test_a_row_that_ci_cannot_measure_is_marked(tool: ModuleType) -> None:
    (figure, *_) = recorded.load("boardless")
    other = msgspec.structs.replace(figure, runtime="tflm:cmsis_nn", version="a_b [c]")
    assert tool.cells(figure, zoo=True)[-1] == figure.date
    assert tool.cells(figure, zoo=False)[-1] == f"recorded {figure.date}"
    made = tool.cells(other, zoo=True)
    assert made[-1] == f"recorded {figure.date}"
    assert made[:2] == ["tflm:cmsis\\_nn", "a\\_b \\[c\\]"]
    refused = msgspec.structs.replace(other, refused="too large")
    assert len(tool.cells(refused, zoo=True)) == len(tool.TITLES) == len(made)


def test_differences_are_named(tool: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    (figure, *_) = recorded.load("boardless")
    names = f"{figure.model} {figure.board} boardless"
    faster = msgspec.structs.replace(figure, instructions=1, date="2027-01-01")
    assert tool.differences([figure], [figure]) == []
    assert tool.differences([faster], [figure]) == [
        f"{names}: instructions is 1, recorded is {figure.instructions}"
    ]
    assert tool.differences([figure], []) == [f"{names}: is not recorded"]
    other = msgspec.structs.replace(faster, compiler="gcc 1.0")
    assert tool.differences([other], [figure]) == []
    assert "not compared, gcc 1.0 is not " in capsys.readouterr().out


def test_ours_is_ahead_of_bakenns_best_on_every_model_of_the_page(tool: ModuleType) -> None:
    """Compares instructions on each core, and cycles on the M4."""
    figures = [f for f in recorded.every() if not f.refused]
    names = {subject.digest: subject.name for subject in tool.subjects()}
    ours = {(f.digest, f.board): f for f in figures if f.runtime == "boardless"}
    compared = set()
    for theirs in figures:
        own = ours.get((theirs.digest, theirs.board))
        if own is None or not theirs.runtime.startswith("bakenn"):
            continue
        compared.add((names[theirs.digest], theirs.board))
        assert (own.instructions or 0) < (theirs.instructions or 0), theirs
        if theirs.board == "mps2-an386":
            assert (own.cycles or 0) < (theirs.cycles or 0), theirs
    refused = {(names[f.digest], f.board) for f in recorded.load("bakenn") if f.refused}
    all_of_them = {(each.name, board) for each in tool.subjects() for board in each.boards}
    assert compared >= all_of_them - refused
    assert {model for model, _ in all_of_them - compared} <= {"se_mobilenet"}


def test_models_are_found_by_their_digests(tool: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "a b" / "any.tflite"
    file.parent.mkdir()
    file.write_bytes(b"model")
    (tmp_path / "large.tflite").write_bytes(bytes(mlperf_tiny.LARGEST + 1))
    assert mlperf_tiny.find(tmp_path) == {hashlib.sha256(b"model").hexdigest(): file}
    assert mlperf_tiny.find(None) == {}


@pytest.mark.emulated
@pytest.mark.parametrize("board", ["mps2-an386", "mps3-an547", "esp32c3"])
def test_recorded_figures_are_what_is_measured(tool: ModuleType, board: str) -> None:
    """One small model on each core; `nox -s compare -- --check` measures the others, too."""
    old = [f for f in recorded.load("boardless") if (f.model, f.board) == ("digits_cnn", board)]
    if toolchain(boards.load(board)) != old[0].compiler:
        pytest.skip(f"figures are of {old[0].compiler}")
    new = tool.measure(tool.of_zoo("digits_cnn"), {}, (board,), ["boardless"])
    assert len(new) == 1
    assert tool.differences(new, recorded.every()) == [], "run `nox -s compare`"
