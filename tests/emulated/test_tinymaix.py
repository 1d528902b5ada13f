"""TinyMaix as a runtime: the file that it interprets, and what it refuses. The stand-in of its
sources reads the same file; BOARDLESS_TINYMAIX names a checkout of its own."""

from __future__ import annotations

import os
import re
from pathlib import Path

import plain_net
import pytest
from boardless import runtimes
from boardless.core import paths
from boardless.core.errors import BadInput, ToolMissing
from boardless.device import boards
from boardless.model import graph as graphs
from boardless.model import zoo
from boardless.path import Request, follow
from boardless.runtimes.tinymaix import VARIABLE, tmdl

STAND_IN = paths.ROOT / "tests" / "stand_ins" / "tinymaix"
REAL = os.environ.get(VARIABLE, "")
real = pytest.mark.skipif(not REAL, reason=f"{VARIABLE} names no checkout of TinyMaix")
CHECKOUTS = [pytest.param(str(STAND_IN), id="stand-in"), pytest.param(REAL, marks=real, id="real")]


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(STAND_IN))


def model(dtype: str) -> graphs.Graph:
    return graphs.read(plain_net.made(dtype), name="plain")


@pytest.mark.emulated
@pytest.mark.parametrize("checkout", CHECKOUTS)
@pytest.mark.parametrize(
    ("dtype", "board", "most"), [("int8", "mps2-an386", 12), ("float32", "host", 1e-5)]
)
def test_its_file_holds_the_model(
    dtype: str,
    board: str,
    most: float,
    checkout: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, checkout)
    file = tmp_path / "plain.tflite"
    file.write_bytes(plain_net.made(dtype))
    outcome = follow(Request(str(file), board, runtime="tinymaix:portable", limit=3))
    run, build = outcome.run, outcome.run.build
    # The stand-in rounds to the nearest, TinyMaix towards zero.
    assert outcome.verdict.max_abs_error <= (2 if dtype == "int8" and checkout != REAL else most)
    assert outcome.verdict.agreement == 1
    assert sum(layer.macs for layer in build.layers) == build.nominal_macs
    assert re.fullmatch(r"TinyMaix( \w+)?, sources \w{8} \(portable\)", build.runtime_version)
    if board == "host":
        return
    assert len(run.counts.layers) == len(build.layers) == 8
    assert all(count > 0 for count in run.counts.layers)
    assert sum(run.counts.layers) == pytest.approx(run.counts.instructions[0], rel=0.01)
    # Its bits are no reference's: cycles are estimated nevertheless.
    assert run.cycles[0].median > run.counts.instructions[0]
    assert build.static_ram_bytes > build.arena_bytes > 0


def test_the_head_of_its_file() -> None:
    made = tmdl.packed(model("int8"), 9, model("int8").output)
    assert made.content[:6] == b"MAIX\0\0"
    assert len(made.content) % 8 == 0
    assert (len(made.layers), made.most_taps, made.most_channels) == (8, 9, 8)
    assert made.buffer_bytes < 2 * 6 * 6 * 8 + 6 * 6 * 8 + 64
    assert tmdl.packed(model("int8"), 9, model("int8").output) == made


def test_the_last_operators_are_our_kernels() -> None:
    found = runtimes.load("tinymaix").sources(
        zoo.find("pico_mobilenet:int8").graph, boards.load("host")
    )
    assert found.notes == (
        "computed by boardless's kernels: operators 10 to 13, which TinyMaix refuses "
        "(operator 10 REDUCE_MAX: it has no such operator)",
    )
    assert sum(layer.macs for layer in found.layers) == found.nominal_macs


def test_a_model_that_it_does_not_take_is_refused_with_its_reason() -> None:
    load = runtimes.load("tinymaix")
    with pytest.raises(BadInput, match="TinyMaix refuses it: operator 1 MAX_POOL_2D: it has no"):
        load.sources(zoo.find("digits_cnn:int8").graph, boards.load("host"))
    with pytest.raises(BadInput, match=r"simd is not for esp32-c3; one of portable"):
        runtimes.load("tinymaix:simd").sources(model("int8"), boards.load("esp32c3"))


def test_a_missing_checkout_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load, board = runtimes.load("tinymaix"), boards.load("host")
    assert load.variants(board) == ("tinymaix:portable",)
    before = load.version
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(ToolMissing, match=r"no checkout of TinyMaix: include/tinymaix\.h is not"):
        load.version  # noqa: B018
    for file in STAND_IN.rglob("*.[ch]"):
        copy = tmp_path / file.relative_to(STAND_IN)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(file.read_bytes())
    assert load.version == before
    (tmp_path / "src" / "tm_model.c").write_text("int x;")
    assert load.version != before
    monkeypatch.delenv(VARIABLE)
    assert load.variants(board) == ()
    with pytest.raises(ToolMissing, match=f"set {VARIABLE} to its folder"):
        load.version  # noqa: B018
    monkeypatch.setenv(VARIABLE, str(STAND_IN))
    with pytest.raises(BadInput, match="tinymaix has no kernels 'mve'; known: portable, simd"):
        runtimes.load("tinymaix:mve").version  # noqa: B018
