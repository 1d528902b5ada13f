"""Variables begin anew with each picture, or live from one to the next with --keep-state."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import recurrent
import streaming
from boardless import path
from boardless.core.errors import BadInput
from boardless.model import compiler, graph, reference
from properties import runners
from properties.drawing import DrawnCase

FIRST = np.arange(6).reshape(1, 6)


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_each_picture_finds_the_first_value(dtype: str, last: bool) -> None:
    fed = streaming.inputs(dtype)
    for first in (FIRST, FIRST * 0, None):
        content = streaming.running_sum(dtype, first, last)
        runners.check(DrawnCase(content, fed, "running sum"), "host")


def test_the_reference_keeps_the_state_where_it_is_asked_to() -> None:
    fed = streaming.inputs("float32")
    content = streaming.running_sum("float32", FIRST)
    kept = reference.predict(content, fed, keep_state=True)
    np.testing.assert_allclose(kept, np.maximum(np.cumsum(fed, 0) + FIRST, 0), atol=1e-5)
    fresh = reference.predict(content, fed)
    np.testing.assert_allclose(fresh, np.maximum(fed + FIRST, 0), atol=1e-5)


@pytest.mark.emulated
@pytest.mark.parametrize("keep_state", [False, True])
@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_on_a_device(dtype: str, keep_state: bool, tmp_path: Path) -> None:
    file, images = tmp_path / "sum.tflite", tmp_path / "fed.npz"
    file.write_bytes(streaming.running_sum(dtype, FIRST))
    np.savez(images, inputs=streaming.inputs(dtype))
    wanted = path.Request(str(file), "mps2-an386", images=images, keep_state=keep_state)
    outcome = path.follow(wanted)
    assert outcome.verdict.ok
    content = streaming.running_sum(dtype, FIRST)
    expected = reference.predict(content, streaming.inputs(dtype), keep_state=keep_state)
    np.testing.assert_array_equal(outcome.run.outputs, expected)


@pytest.mark.emulated
def test_recurrent_layers_on_a_device(tmp_path: Path) -> None:
    """Both remember, over nine pictures in order."""
    file, images = tmp_path / "recurrent.tflite", tmp_path / "fed.npz"
    file.write_bytes(recurrent.network("int8"))
    np.savez(images, inputs=recurrent.inputs("int8"))
    wanted = path.Request(str(file), "mps2-an386", images=images, keep_state=True)
    outcome = path.follow(wanted)
    assert outcome.verdict.ok


def test_the_variable_has_a_place_of_its_own() -> None:
    program = compiler.compile_graph(graph.read(streaming.running_sum("int8", FIRST), "sum"))
    (state,) = program.states
    assert state.value == bytes(range(6))
    names = [layer.op for layer in program.layers]
    assert names == ["READ_VARIABLE", "ADD", "ASSIGN_VARIABLE", "RELU"]


def test_a_graph_that_is_not_there() -> None:
    with pytest.raises(BadInput, match="graph 7 does not exist"):
        graph.read(streaming.running_sum("int8", FIRST, graph_number=7), "sum")
