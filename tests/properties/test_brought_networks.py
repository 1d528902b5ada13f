"""Networks of several operators that people bring, each refused or slow once, as small ones.

.venv/bin/pytest tests/properties/test_brought_networks.py
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from boardless.device import boards
from boardless.model import compiler, graph
from boardless.model.compiler import shapes
from one_operator import Operator, Tensor, model
from one_operator import graph as network
from properties import runners
from properties.drawing import DrawnCase

RNG = np.random.default_rng(7)
WINDOW = {"dilationHFactor": 1, "dilationWFactor": 1}
UNITS, STEPS, FEATURES = 6, 2, 4


def int8(*shape: int, count: int = 5) -> np.ndarray:
    return RNG.integers(-128, 128, (count, *shape[1:])).astype(np.int8)


def weights(*shape: int) -> Tensor:
    return Tensor(shape, "int8", (0.01,) * shape[0], (0,), 0, RNG.integers(-127, 128, shape))


def listed(*values: int) -> Tensor:
    return Tensor((len(values),), "int32", data=np.array(values))


def number(value: int) -> Tensor:
    return Tensor((), "int32", data=np.array(value))


class Cells:
    """Adds tensors and operators one after another; each method returns a tensor's number."""

    def __init__(self) -> None:
        self.tensors: list[Tensor] = []
        self.operators: list[Operator] = []

    def tensor(self, tensor: Tensor) -> int:
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def row(self, width: int, scale: float = 0.05, zero_point: int = 0) -> int:
        return self.tensor(Tensor((1, width), "int8", (scale,), (zero_point,)))

    def call(self, name: str, inputs: list[int], output: int) -> int:
        self.operators.append(Operator(name, inputs, [output]))
        return output

    def gates(self, value: int, matrix: int) -> list[int]:
        """Returns three rows: for the update, for the reset and for the new state."""
        wide = self.call("FULLY_CONNECTED", [value, matrix], self.row(3 * UNITS))
        pieces = [self.row(UNITS) for _ in range(3)]
        axis = self.tensor(number(1))
        self.operators.append(Operator("SPLIT", [axis, wide], pieces, {"numSplits": 3}))
        return pieces

    def sigmoid(self, a: int, b: int) -> int:
        total = self.call("ADD", [a, b], self.row(UNITS))
        return self.call("LOGISTIC", [total], self.row(UNITS, 1 / 256, -128))

    def product(self, a: int, b: int) -> int:
        return self.call("MUL", [a, b], self.row(UNITS, 0.02))


def unrolled_gru() -> bytes:
    """Returns gated recurrent units over a sequence, as Keras exports them with unroll=True."""
    cells = Cells()
    sequence = cells.tensor(Tensor((STEPS, 1, FEATURES), "int8", (0.05,), (3,)))
    inputs = [cells.row(FEATURES, 0.05, 3) for _ in range(STEPS)]
    cells.operators.append(Operator("UNPACK", [sequence], inputs, {"num": STEPS}))
    one = cells.tensor(Tensor((), "int8", (1 / 127,), (0,), 0, np.array(127)))
    matrix = cells.tensor(weights(3 * UNITS, FEATURES))
    recurrent = cells.tensor(weights(3 * UNITS, UNITS))
    state = -1
    for value in inputs:
        mine = cells.gates(value, matrix)
        if state < 0:
            update = cells.call("LOGISTIC", mine[:1], cells.row(UNITS, 1 / 256, -128))
            new = cells.call("TANH", mine[2:], cells.row(UNITS, 1 / 128))
        else:
            before = cells.gates(state, recurrent)
            update = cells.sigmoid(mine[0], before[0])
            kept = cells.product(cells.sigmoid(mine[1], before[1]), before[2])
            total = cells.call("ADD", [mine[2], kept], cells.row(UNITS))
            new = cells.call("TANH", [total], cells.row(UNITS, 1 / 128))
        rest = cells.call("SUB", [one, update], cells.row(UNITS, 1 / 256, -128))
        fresh = cells.product(rest, new)
        if state < 0:
            state = fresh
            continue
        state = cells.call("ADD", [fresh, cells.product(update, state)], cells.row(UNITS, 0.02))
    # an input of one picture: a sequence has no batch in front
    source = cells.tensor(Tensor((1, STEPS, FEATURES), "int8", (0.05,), (3,)))
    sizes = cells.tensor(listed(STEPS, 1, FEATURES))
    cells.operators.insert(0, Operator("RESHAPE", [source, sizes], [sequence]))
    return network(cells.tensors, cells.operators, source, state)


def test_recurrent_units_that_were_unrolled() -> None:
    case = DrawnCase(unrolled_gru(), int8(1, STEPS, FEATURES, count=20), "unrolled")
    runners.check(case, "host")


def test_a_convolution_the_other_way_whose_size_is_computed() -> None:
    """Keras 3 leaves the batch size open, and computes the output's shape from the input's."""
    tensors = [
        Tensor((1, 4, 4, 8), "int8", (0.05,), (-128,), signature=(-1, 4, 4, 8)),
        Tensor((4,), "int32"),
        listed(0),
        listed(1),
        Tensor((), "int32"),
        number(8),
        number(2),
        Tensor((4,), "int32"),
        weights(2, 3, 3, 8),
        Tensor((1, 1, 1, 1), "int8", (0.1,), (-5,)),  # 1 wherever the exporter knows no size
    ]
    operators = [
        Operator("SHAPE", [0], [1], {"outType": 2}),
        Operator("STRIDED_SLICE", [1, 2, 3, 3], [4], {"shrinkAxisMask": 1}),
        Operator("PACK", [4, 5, 5, 6], [7], {"valuesCount": 4}),
        Operator("TRANSPOSE_CONV", [7, 8, 0], [9], {"strideH": 2, "strideW": 2}),
    ]
    content = network(tensors, operators, 0, 9)
    runners.check(DrawnCase(content, int8(1, 4, 4, 8), "open batch"), "host")
    found = shapes.settled(graph.read(content, "file"))
    assert [op.name for op in found.operators] == ["TRANSPOSE_CONV"]
    assert found.output_tensor.shape == (1, 8, 8, 2)


# Map, window, multiplier, stride.
DEPTHWISE = {
    "9x1 of a sequence": ((98, 1, 60), (9, 1), 1, 1),
    "10x8 of a spectrogram": ((49, 40, 1), (10, 8), 8, 2),
    "5x5": ((12, 12, 48), (5, 5), 1, 1),
    "3x3": ((12, 12, 48), (3, 3), 1, 1),
}


@pytest.mark.parametrize("board", ["mps2-an386", "mps3-an547"])
@pytest.mark.parametrize("case", DEPTHWISE.values(), ids=DEPTHWISE.keys())
def test_depthwise_windows_of_any_form_are_fast(case: Any, board: str) -> None:
    """No window takes the reference on a core with SIMD, which needs three times as long."""
    (height, width, channels), window, multiplier, stride = case
    outputs = channels * multiplier
    source = Tensor((1, height, width, channels), "int8", (0.05,), (-3,))
    data = RNG.integers(-127, 128, (1, *window, outputs))
    taps = Tensor(data.shape, "int8", (0.01,) * outputs, (0,), 3, data)
    shape = (1, -(-height // stride), -(-width // stride), outputs)
    output = Tensor(shape, "int8", (0.2,), (4,))
    options = WINDOW | {"strideH": stride, "strideW": stride, "depthMultiplier": multiplier}
    read = graph.read(model("DEPTHWISE_CONV_2D", [source, taps], output, options), "file")
    (layer,) = compiler.compile_graph(read, boards.load(board).variants).layers
    assert layer.call.function.endswith(("_dsp", "_mve"))
