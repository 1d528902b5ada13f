"""A small recurrent layer as tensors and an operator, for tests that change something in it.

tensors, op = recurrent.lstm("int8")     # input 0, variables 1 and 2, output 3
"""

from __future__ import annotations

from typing import Any

import numpy as np
from one_operator import Operator, Tensor

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
