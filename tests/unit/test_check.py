"""`boardless check` says what runs and what is refused, and builds nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boardless import cli
from boardless.core import paths
from boardless.model import profiles
from boardless.model.profiles import Profile
from click.testing import CliRunner, Result
from one_operator import Operator, Tensor, graph

ROW = Tensor((1, 6), "int8", (0.1,), (3,))
WIDE = Tensor((1, 6), "int16", (0.1,), (0,))


@pytest.fixture(autouse=True)
def nothing_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "build_root", lambda: Path("/nonexistent/build"))


def check(*arguments: str) -> Result:
    return CliRunner().invoke(cli.cli, ["check", *arguments])


def found(*arguments: str) -> Any:
    return json.loads(check(*arguments, "--json", "-").stdout)


def refused(tmp_path: Path) -> str:
    """Returns a model with two operators that run, two without a kernel and one of another type."""
    tensors = [ROW, ROW, ROW, ROW, WIDE, WIDE]
    operators = [
        Operator("RELU", [0], [1]),
        Operator("CUMSUM", [1, 0], [2]),
        Operator("CUMSUM", [2, 0], [3]),
        Operator("QUANTIZE", [3], [4]),
        Operator("NEG", [4], [5]),
    ]
    path = tmp_path / "some.tflite"
    path.write_bytes(graph(tensors, operators, 0, 5))
    return str(path)


def test_a_model_that_runs() -> None:
    done = check("digits_cnn")
    assert done.exit_code == 0
    assert "digits_cnn:int8: it can be run" in done.stdout
    data = found("digits_cnn", "--board", "microbit", "--board", "mps2-an386")
    assert data["ok"]
    assert data["operators"][0]["op"] == "CONV_2D"
    assert data["operators"][0]["types"] == "int8 1x8x8x1 -> int8 1x6x6x8"
    assert [row["board"] for row in data["boards"]] == ["microbit", "mps2-an386"]
    assert all(0 < row["ram_bytes"] < row["board_ram_bytes"] for row in data["boards"])


def test_all_that_is_refused_is_named(tmp_path: Path) -> None:
    model = refused(tmp_path)
    data = found(model)
    said = {row["index"]: row["refused"] for row in data["operators"] if row["refused"]}
    assert said[1] == said[2] == "boardless has no kernel for this operator"
    assert said[4].startswith("its values are int16")
    assert 0 not in said
    assert not data["ok"]
    assert data["boards"] == []
    done = check(model)
    assert done.exit_code == 2
    assert "what would help: make the model without it" in done.stdout
    assert f"{len(said)} of 5 operators cannot be run" in done.stdout


def test_a_model_that_all_references_refuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`boardless run` could compare it with nothing; `compile` refuses it as well. TensorFlow Lite
    Micro would take this one."""
    monkeypatch.setattr(Profile, "version", lambda self: None if self.name == "tflm" else "1")
    sizes = Tensor((1, 2), "int32", data=np.array([[2, 3]]))
    tensors = [ROW, sizes, Tensor((2, 3), "int8", (0.1,), (3,)), Tensor((2, 3), "int8", (0.2,))]
    operators = [Operator("RESHAPE", [0, 1], [2]), Operator("RELU", [2], [3])]
    path = tmp_path / "sizes.tflite"
    path.write_bytes(graph(tensors, operators, 0, 3))
    data = found(str(path), "--board", "microbit")
    assert not data["ok"]
    assert data["refused"].startswith("the reference interpreter refuses the model: ")
    done = CliRunner().invoke(cli.cli, ["compile", str(path), "-o", str(tmp_path / "out")])
    assert "sizes: the reference interpreter refuses the model" in str(done.exception)


def test_a_model_that_another_reference_takes(tmp_path: Path) -> None:
    """LiteRT takes no list of sizes of two dimensions, TensorFlow Lite Micro does."""
    if profiles.load("tflm").version() is None:
        pytest.skip("tflite-micro is not installed")
    sizes = Tensor((1, 2), "int32", data=np.array([[2, 3]]))
    output = Tensor((2, 3), "int8", (0.1,), (3,))
    operators = [Operator("RELU", [0], [1]), Operator("RESHAPE", [1, 2], [3])]
    path = tmp_path / "sizes.tflite"
    path.write_bytes(graph([ROW, ROW, sizes, output], operators, 0, 3))
    data = found(str(path), "--board", "microbit")
    assert data["ok"]
    assert data["reference"].startswith("tflm ")
    assert data["instead"].startswith("TensorFlow Lite Micro ")
    assert "refuses the model" in data["instead"]
    done = CliRunner().invoke(cli.cli, ["compile", str(path), "-o", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "takes the model, and the code rounds as it does: the reference inter" in done.stderr
    assert found("digits_cnn", "--board", "microbit")["instead"] == ""


def test_a_board_that_is_too_small() -> None:
    data = found("pico_mobilenet:float32", "--board", "microbit")
    (board,) = data["boards"]
    assert not data["ok"]
    assert not board["fits"]
    done = check("pico_mobilenet:float32", "--board", "microbit")
    assert done.exit_code == 2
    assert "RAM is too small by at least" in done.stdout
    assert "it fits no board" in done.stdout
