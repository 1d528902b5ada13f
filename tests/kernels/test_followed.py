"""A firmware rounds as the reference that answers, where that is another one than was asked for.

.venv/bin/pytest tests/kernels/test_followed.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from boardless import path
from boardless.data.records import Pictures
from boardless.model import compiler, profiles, reference, zoo
from boardless.model.reference import followed
from boardless.path import Request
from host_kernels import HostModel
from one_operator import Operator, Tensor, graph, model

RNG = np.random.default_rng(3)
INPUTS = RNG.integers(-128, 128, (40, 72)).astype(np.int8)
pytestmark = pytest.mark.skipif(
    profiles.load("tflm").version() is None, reason="tflite-micro is not installed"
)


def refused_by_litert() -> bytes:
    """Returns a dense layer behind a list of sizes of two dimensions, which LiteRT takes for no
    list."""
    row = Tensor((1, 72), "int8", (0.1,), (3,))
    tensors = [
        row,
        Tensor((1, 2), "int32", data=np.array([[1, 72]])),
        row,
        Tensor((60, 72), "int8", (0.01,), (0,), 0, RNG.integers(-127, 128, (60, 72))),
        Tensor((1, 60), "int8", (0.3,), (2,)),
    ]
    operators = [Operator("RESHAPE", [0, 1], [2]), Operator("FULLY_CONNECTED", [2, 3], [4])]
    return graph(tensors, operators, 0, 4)


def test_a_model_that_one_refuses_gets_the_bits_of_the_other(tmp_path: Path) -> None:
    file = tmp_path / "refused.tflite"
    file.write_bytes(refused_by_litert())
    found = followed.find(str(file))
    assert found.graph.profile == "tflm"
    answer = reference.ask(found.reference, INPUTS)
    assert answer.profile == "tflm"
    outputs = HostModel(compiler.compile_graph(found.graph), tmp_path).run(INPUTS)
    np.testing.assert_array_equal(outputs, answer.outputs)
    asked = zoo.find(str(file)).graph
    assert asked.profile == "litert"
    others = HostModel(compiler.compile_graph(asked), tmp_path).run(INPUTS)
    assert (others != answer.outputs).any()


@pytest.mark.parametrize("name", ["digits_cnn:int8", "digits_cnn:float32"])
def test_a_model_that_is_taken_keeps_its_profile(name: str) -> None:
    for profile in profiles.names():
        assert followed.find(name, profile).graph.profile == profile


def test_a_run_names_who_has_answered_and_rounds_as_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LiteRT seems to take the model, and fails when it has the inputs."""
    monkeypatch.setattr(followed, "_answering", lambda content, profile: profile)
    file = tmp_path / "deadly.tflite"
    file.write_bytes(refused_by_litert())
    assert followed.find(str(file)).graph.profile == "litert"
    outcome = path.follow(Request(str(file), "host", pictures=Pictures(INPUTS, None, "drawn")))
    assert outcome.ok, outcome.verdict.reason
    assert outcome.run.build.profile == "tflm"
    assert outcome.run.held_against.startswith("tflm ")
    (note,) = (text for text in outcome.run.notes if "answered" in text)
    assert note.startswith("TensorFlow Lite Micro ")
    assert "the reference interpreter refuses the model: " in note
    assert note.endswith("; the firmware rounds as --reference tflm does")


def test_a_difference_from_optimised_kernels_is_called_theirs(tmp_path: Path) -> None:
    """LiteRT's reference kernels abort where 600 classes are equal; its others round otherwise."""
    source = Tensor((1, 600), "int8", (0.1,), (0,))
    classes = Tensor((1, 600), "int8", (1 / 256,), (-128,))
    file = tmp_path / "deadly.tflite"
    file.write_bytes(model("SOFTMAX", [source], classes, {"beta": 1.0}))
    fed = Pictures(np.zeros((1, 600), np.int8), None, "drawn")
    outcome = path.follow(Request(str(file), "host", pictures=fed))
    (note,) = (text for text in outcome.run.notes if "answered" in text)
    assert "optimised kernels answered: the reference interpreter ended with SIGABRT" in note
    assert note.endswith("it may round otherwise than the firmware, by a few units")
    assert outcome.verdict.max_abs_error <= 1
    if not outcome.ok:
        assert "differ from the reference LiteRT " in outcome.verdict.reason
        assert "optimised kernels" in outcome.verdict.reason
