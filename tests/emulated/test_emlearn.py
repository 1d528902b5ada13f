"""emlearn as a runtime, by a stand-in of the package, and by the package itself where it is
installed."""

from __future__ import annotations

import importlib.util
import sys
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

STAND_IN = paths.ROOT / "tests" / "stand_ins" / "emlearn"
needs_emlearn = pytest.mark.skipif(
    importlib.util.find_spec("emlearn") is None, reason="emlearn is not installed"
)


@pytest.fixture(params=["stand-in", pytest.param("real", marks=needs_emlearn)])
def package(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Imports one of them first."""
    if request.param == "stand-in":
        monkeypatch.syspath_prepend(str(STAND_IN))
    for name in [n for n in sys.modules if n.partition(".")[0] == "emlearn"]:
        monkeypatch.delitem(sys.modules, name)
    return str(request.param)


@pytest.mark.emulated
def test_it_computes_dense_layers(package: str, tmp_path: Path) -> None:
    file = tmp_path / "plain.tflite"
    file.write_bytes(plain_net.made("float32", dense=True))
    outcome = follow(Request(str(file), "mps2-an386", runtime="emlearn", limit=3))
    run, build = outcome.run, outcome.run.build
    assert outcome.ok
    assert [layer.macs for layer in build.layers] == [24 * 16, 16 * 12, 12 * 5]
    assert len(run.counts.layers) == 3
    assert all(count > 0 for count in run.counts.layers)
    assert sum(run.counts.layers) == pytest.approx(run.counts.instructions[0], rel=0.05)
    assert run.cycles[0].median > run.counts.instructions[0]
    assert build.arena_bytes == 2 * 24 * 4
    assert build.weights_bytes == 4 * (25 * 16 + 17 * 12 + 13 * 5)
    assert build.runtime_version.startswith("emlearn 0.")


def test_what_it_does_not_take_is_refused_with_the_reason(package: str) -> None:
    host = boards.load("host")
    load = runtimes.load("emlearn")
    for model, reason in [
        ("digits_cnn:int8", "its networks are float32, the model is int8"),
        ("digits_cnn:float32", "operator 0 CONV_2D: it has no such layer"),
    ]:
        with pytest.raises(BadInput, match=f"emlearn refuses it: {reason}"):
            load.sources(zoo.find(model).graph, host)
    dense = graphs.read(plain_net.made("float32", dense=True), name="plain")
    short = dense.replace(operators=dense.operators[2:], input=dense.operators[2].inputs[0])
    with pytest.raises(BadInput, match="its networks have two dense layers or more"):
        load.sources(short, host)
    assert load.variants(host) == ("emlearn",)
    with pytest.raises(BadInput, match="emlearn has no variant 'q16'"):
        runtimes.load("emlearn:q16").version  # noqa: B018


def test_the_last_operators_are_our_kernels(package: str) -> None:
    dense = graphs.read(plain_net.made("float32", dense=True), name="plain")
    *before, last = dense.operators
    scaled = dense.replace(
        operators=(*before, last.__class__(**vars(last) | {"options": {"beta": 2.0}}))
    )
    found = runtimes.load("emlearn").sources(scaled, boards.load("host"))
    assert found.notes == (
        "computed by boardless's kernels: operator 3, which emlearn refuses "
        "(operator 3 SOFTMAX: it takes one row of values, with a beta of 1)",
    )
    assert [layer.op for layer in found.layers] == ["FULLY_CONNECTED"] * 3 + ["SOFTMAX"]


def test_a_missing_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "emlearn", None)
    with pytest.raises(ToolMissing, match=r"emlearn cannot be imported: .*boardless\[emlearn\]"):
        runtimes.load("emlearn").version  # noqa: B018
    assert runtimes.load("emlearn").variants(boards.load("host")) == ()
