"""Recurrent layers remember what the reference remembers; those that boardless does not compute end
in one line that says what they have."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import recurrent
from boardless.core.errors import BadInput
from boardless.model import compiler, graph
from one_operator import Operator, Tensor
from one_operator import graph as network


def compiled(tensors: list[Tensor], op: Operator) -> compiler.Program:
    content = network(tensors, [op], 0, op.outputs)
    return compiler.compile_graph(graph.read(content, "net"))


def test_variables_have_places_and_begin_with_real_0() -> None:
    program = compiled(*recurrent.lstm("int8"))
    assert [state.value for state in program.states] == [bytes([7] * 5), bytes(10)]
    places = [state.offset for state in program.states]
    assert list(program.layers[0].outputs[1:]) == places


EXTRA = {
    9: (5,),
    16: (5, 5),
    20: (5,),
}
KINDS = {9: "peephole", 16: "projection", 20: "layer normalisation"}


@pytest.mark.parametrize("number", EXTRA)
def test_what_an_lstm_has_besides(number: int) -> None:
    tensors, op = recurrent.lstm("float32")
    inputs = list(op.inputs)
    inputs[number] = len(tensors)
    tensors.append(Tensor(EXTRA[number], "float32", data=np.ones(EXTRA[number])))
    with pytest.raises(BadInput, match=KINDS[number]):
        compiled(tensors, dataclasses.replace(op, inputs=inputs))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fusedActivationFunction": 1}, "activation RELU, not TANH"),
        ({"diagonalRecurrentTensors": True}, "recurrent weights are diagonal"),
    ],
)
def test_options_of_an_lstm(changes: dict[str, Any], message: str) -> None:
    tensors, op = recurrent.lstm("float32")
    with pytest.raises(BadInput, match=message):
        compiled(tensors, dataclasses.replace(op, options=op.options | changes))


def test_cells_whose_scale_is_no_power_of_two() -> None:
    tensors, op = recurrent.lstm("int8")
    tensors[2].scales = (0.0007,)
    with pytest.raises(BadInput, match=r"scale of its cells is 0\.0007"):
        compiled(tensors, op)


def test_an_lstm_without_the_scale_of_its_outputs() -> None:
    tensors, op = recurrent.lstm("int8")
    with pytest.raises(BadInput, match="does not say how the outputs of its cells are scaled"):
        compiled(tensors, dataclasses.replace(op, intermediates=[]))


SVDF_CHANGES: list[tuple[dict[str, Any], dict[int, Any], str]] = [
    ({"fusedActivationFunction": 0}, {}, "in int8 its activation must be RELU"),
    ({"rank": 3}, {}, "8 filters of rank 3"),
    ({}, {1: "int8"}, "its variable is int8; TFLite reads it as int16"),
]


@pytest.mark.parametrize(("changes", "types", "message"), SVDF_CHANGES)
def test_what_an_svdf_may_not_have(
    changes: dict[str, Any], types: dict[int, str], message: str
) -> None:
    tensors, op = recurrent.svdf("int8")
    for number, dtype in types.items():
        tensors[number] = dataclasses.replace(tensors[number], dtype=dtype)
    with pytest.raises(BadInput, match=message):
        compiled(tensors, dataclasses.replace(op, options=op.options | changes))


def test_a_variable_that_is_another_layers() -> None:
    tensors, op = recurrent.lstm("float32")
    tensors.append(Tensor((1, 5), "float32"))
    operators = [op, Operator("RELU", [1], [len(tensors) - 1])]
    content = network(tensors, operators, 0, len(tensors) - 1)
    with pytest.raises(BadInput, match="reads tensor 1, a variable without a name"):
        graph.read(content, "net")


def test_an_lstm_whose_two_variables_are_one() -> None:
    tensors, op = recurrent.lstm("float32")
    inputs = list(op.inputs)
    inputs[19] = inputs[18]
    content = network(tensors, [dataclasses.replace(op, inputs=inputs)], 0, 3)
    with pytest.raises(BadInput, match="reads tensor 1, a variable without a name"):
        graph.read(content, "net")
