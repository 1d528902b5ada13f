"""Small recurrent layers as tensors and an operator, for tests that change something in them.

tensors, op = recurrent.lstm("int8")     # input 0, variables 1 and 2, output 3
"""

from __future__ import annotations

from typing import Any

import numpy as np
from one_operator import Operator, Tensor, graph

STEPS, INPUTS, UNITS = 3, 4, 5


def lstm(dtype: str) -> tuple[list[Tensor], Operator]:
    """Returns an LSTM of 5 cells that reads 3 rows of 4 values."""
    rng = np.random.default_rng(2)
    quantised = dtype == "int8"
    hidden: Any = {"scales": (1 / 128,), "zero_points": (7,)} if quantised else {}
    tensors = [
        Tensor((1, STEPS, INPUTS), dtype, *(((0.05,), (-3,)) if quantised else ())),
        Tensor((1, UNITS), dtype, **hidden, variable=True),
        Tensor(
            (1, UNITS),
            "int16" if quantised else dtype,
            (2.0**-11,) if quantised else (),
            variable=True,
        ),
        Tensor((1, STEPS, UNITS), dtype, **hidden),
    ]
    numbers = [0, *[-1] * 23]
    numbers[18:20] = 1, 2
    for number in (*range(1, 9), *range(12, 16)):
        shape = (UNITS,) if number > 8 else (UNITS, INPUTS if number < 5 else UNITS)
        numbers[number] = len(tensors)
        if quantised and number > 8:
            tensors.append(Tensor(shape, "int32", data=rng.integers(-3000, 3000, shape)))
        elif quantised:
            tensors.append(Tensor(shape, dtype, (0.01,), data=rng.integers(-127, 128, shape)))
        else:
            tensors.append(Tensor(shape, dtype, data=rng.normal(size=shape)))
    between = list(range(len(tensors), len(tensors) + 5)) if quantised else []
    tensors += ([Tensor((0,), "float32")] * 4 + [Tensor((0,), dtype, **hidden)]) * quantised
    options = {"fusedActivationFunction": 4, "cellClip": 10.0}  # TANH
    return tensors, Operator("UNIDIRECTIONAL_SEQUENCE_LSTM", numbers, [3], options, between)


MEMORY = 6


def svdf(dtype: str) -> tuple[list[Tensor], Operator]:
    """Returns an SVDF of 4 outputs, two filters each, over the last 6 rows of 15 values; input 0,
    variable 1, output 2."""
    rng = np.random.default_rng(4)
    quantised, rows = dtype == "int8", STEPS * UNITS
    wide = "int16" if quantised else dtype

    def constant(shape: tuple[int, ...], kind: str, scale: float, most: int) -> Tensor:
        if not quantised:
            return Tensor(shape, kind, data=rng.normal(size=shape))
        return Tensor(shape, kind, (scale,), data=rng.integers(-most, most, shape))

    tensors = [
        Tensor((1, rows), dtype, *(((1 / 128,), (7,)) if quantised else ())),
        Tensor((1, 8 * MEMORY), wide, (1e-4,) if quantised else (), variable=True),
        Tensor((1, 4), dtype, *(((0.04,), (-128,)) if quantised else ())),
        constant((8, rows), dtype, 0.01, 127),
        constant((8, MEMORY), wide, 3e-5, 30000),
        constant((4,), "int32" if quantised else dtype, 3e-9, 1 << 28),
    ]
    options = {"rank": 2, "fusedActivationFunction": 1}  # RELU
    return tensors, Operator("SVDF", [0, 3, 4, 5, 1], [2], options)


def network(dtype: str) -> bytes:
    """Returns a model with both layers, one after the other."""
    first, lstm_op = lstm(dtype)
    second, svdf_op = svdf(dtype)
    base = len(first)
    operators = [lstm_op, Operator("RESHAPE", [3], [base], {"newShape": [1, STEPS * UNITS]})]
    again = [base + number for number in svdf_op.inputs]
    operators.append(Operator("SVDF", again, [base + 2], svdf_op.options))
    return graph([*first, *second], operators, 0, base + 2)


def inputs(dtype: str, count: int = 9) -> Any:
    rng = np.random.default_rng(3)
    if dtype == "int8":
        return rng.integers(-128, 128, (count, STEPS, INPUTS)).astype(np.int8)
    return rng.normal(size=(count, STEPS, INPUTS)).astype(np.float32)
