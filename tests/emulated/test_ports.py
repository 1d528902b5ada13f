"""Models with several inputs and several outputs, from a .npz with an array for each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boardless import path
from boardless.core.errors import BadInput
from boardless.data import pictures
from boardless.front import booted
from boardless.front.sweep import chunk
from boardless.front.sweep.cases import Preparation, SweepCase
from boardless.model import compiler, graph, ports, reference, zoo
from boardless.report import record
from boardless.robot_library import Boardless
from one_operator import Operator, Tensor
from one_operator import graph as network

RNG = np.random.default_rng(7)
HALF, WHOLE = (0.05, 3), (0.1, -7)


def int8(shape: tuple[int, ...], scale: float, zero_point: int) -> Tensor:
    return Tensor(shape, "int8", (scale,), (zero_point,))


def several() -> bytes:
    """Returns a model of two int8 inputs and one float32 input; its outputs are a map that is also
    read further on, a float32 row, and an input's own values at another scale."""
    tensors = [
        int8((1, 3, 5), *HALF),
        Tensor((1, 7), "float32"),
        int8((1, 3, 5), *WHOLE),
        int8((1, 3, 5), *WHOLE),
        int8((1, 3, 5), *HALF),
        Tensor((1, 7), "float32"),
    ]
    operators = [
        Operator("ADD", [0, 2], [3]),
        Operator("RELU", [3], [4]),
        Operator("LOGISTIC", [1], [5]),
    ]
    return network(tensors, operators, [0, 1, 2], [4, 5, 3])


@pytest.fixture
def model(tmp_path: Path) -> str:
    file = tmp_path / "several.tflite"
    file.write_bytes(several())
    return str(file)


def arrays(count: int = 3) -> dict[str, Any]:
    return {
        "input_0": RNG.integers(-128, 128, (count, 3, 5)).astype(np.int8),
        "input_1": RNG.normal(size=(count, 7)).astype(np.float32),
        "input_2": RNG.integers(-128, 128, (count, 3, 5)).astype(np.int8),
    }


def save(file: Path, **arrays: Any) -> Path:
    np.savez(file, **arrays)
    return file


@pytest.mark.emulated
@pytest.mark.parametrize("link", ["memory", "uart"])
def test_all_inputs_go_in_and_all_outputs_come_out(model: str, link: str, tmp_path: Path) -> None:
    images = save(tmp_path / "inputs.npz", **arrays())
    outcome = path.follow(path.Request(model, "mps2-an386", images=images, link=link))
    assert outcome.verdict.ok
    assert outcome.run.outputs.shape == (3, 15 + 7 + 15)
    assert len(record.run(outcome)["outputs"][0]) == 15 + 7 + 15
    generated = path.follow(path.Request(model, "mps2-an386", limit=2, keep_input=True, link=link))
    assert generated.verdict.ok


def test_the_reference_gets_each_input(model: str) -> None:
    found = zoo.find(model)
    given = arrays()
    fed = ports.packed(found.graph, given, "here")
    outputs = ports.values(found.graph, reference.predict(found.content, fed))
    row = outputs[:, 15:22].astype(np.float32)
    np.testing.assert_allclose(row, 1 / (1 + np.exp(-given["input_1"])), atol=1e-6)
    q = (given["input_0"] - 3.0) * 0.05 + (given["input_2"] + 7.0) * 0.1
    expected = np.clip(np.rint(q / 0.1) - 7, -128, 127).reshape(3, -1)
    assert np.abs(outputs[:, 22:] - expected).max() <= 1


@pytest.mark.emulated
def test_plugin_robot_library_and_sweep_take_them_as_run_does(model: str, tmp_path: Path) -> None:
    """All of the same build; each of a picture's arrays by its name, too."""
    given = arrays()
    images = save(tmp_path / "inputs.npz", **given)
    prepared = path.prepare(path.Request(model, "mps2-an386"))
    fed = pictures.load(prepared.model, images)
    with booted.Device.open(prepared.model, prepared.build, "qemu") as device:
        expected = device.reference(fed.inputs)
        assert expected.shape == (3, 15 + 7 + 15)
        np.testing.assert_array_equal(device.predict_all(fed.inputs)[:, :15], expected[:, :15])
        one = device.predict({name: array[1] for name, array in given.items()})
        np.testing.assert_allclose(one.output, expected[1], rtol=1e-5, atol=1e-6)

    robot = Boardless()
    said = robot.load_firmware(model, "mps2-an386")
    assert (said.input, said.output) == ("int8 1x58", "int8 1x58")
    robot.use_pictures(str(images))
    robot.create_terminal_tester()
    robot.start_emulation()
    robot.wait_for_line_on_uart("m-ready")
    assert robot.predict_picture(2)[:15] == expected[2, :15].tolist()
    robot.prediction_should_match_reference()
    robot.reset_emulation()

    case = SweepCase(model, prepared.model, "mps2-an386", "qemu", "inputs", images)
    ready = Preparation(cycles=False).ready(case)
    labels, numbers = ready.pictures.labels, tuple(range(3))
    task = chunk.Task(
        model=prepared.model.name,
        content=case.content,
        board=case.board,
        emulator=case.emulator,
        cycles=False,
        reference="litert",
        runtime="boardless",
        identity=ready.identity,
        indices=numbers,
        inputs=ready.pictures.inputs,
        labels=labels,
    )
    done = chunk.run(task)
    assert isinstance(done, chunk.Done), done
    assert [each.ok for each in done.inferences] == [True] * 3
    assert [each.prediction for each in done.inferences] == expected.argmax(axis=1).tolist()


def test_which_bytes_are_whose(model: str) -> None:
    found = ports.layout(zoo.find(model).graph)
    assert found == [
        "bytes of the inputs, one after another: 0..14 int8 1x3x5, 15..42 float32 1x7, "
        "43..57 int8 1x3x5",
        "bytes of the outputs, one after another: 0..14 int8 1x3x5, 15..42 float32 1x7, "
        "43..57 int8 1x3x5",
    ]
    assert ports.layout(zoo.find("digits_cnn:int8").graph) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"input_1": None}, r"no array 'input_1'; the model's inputs are t .int8 1x3x5., input_1"),
        ({"input_2": np.zeros((3, 4), np.int8)}, "input_2: int8 4, the model takes int8 3 x 5"),
        ({"input_2": np.zeros((2, 3, 5), np.int8)}, "its arrays hold 3, 3, 2 inputs"),
        ({"input_1": np.full((3, 7), np.nan, np.float32)}, "not all are finite"),
    ],
)
def test_what_is_wrong_with_the_arrays_is_stated(
    change: dict[str, Any], message: str, model: str, tmp_path: Path
) -> None:
    given = {name: array for name, array in (arrays() | change).items() if array is not None}
    with pytest.raises(BadInput, match=message):
        pictures.load(zoo.find(model), save(tmp_path / "x.npz", **given))


def test_a_model_with_one_of_each_is_as_before() -> None:
    network = zoo.find("digits_cnn:int8").graph
    program = compiler.compile_graph(network)
    assert (program.inputs, program.outputs) == ((), ())
    assert ports.fed(network) is network.input_tensor
    assert b"memcpy" not in compiler.emit(program)["model.c"]
    assert b"memcpy" in compiler.emit(compiler.compile_graph(graph.read(several(), "x")))["model.c"]
