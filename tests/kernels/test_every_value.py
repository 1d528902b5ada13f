"""Curves of int16 values give the reference's bits for each of the 65,536 values, and quotients of
int8 values for each pair: one of three numbers that lies half way between two values depends on how
its reciprocal is rounded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from one_operator import Operator, Tensor, graph, model
from properties import runners
from properties.drawing import DrawnCase

EVERY = np.arange(-(1 << 15), 1 << 15, dtype=np.int16).reshape(1, 1 << 15, 2)


@pytest.mark.parametrize("scale", [2.0**-15, 2.0**-12, 3e-4, 0.001])
@pytest.mark.parametrize(
    ("operator", "output", "options"),
    [
        ("TANH", 2.0**-15, {}),
        ("LOGISTIC", 2.0**-15, {}),
        ("LEAKY_RELU", 5e-4, {"alpha": 0.3}),
    ],
)
def test_of_int16(operator: str, output: float, options: dict[str, Any], scale: float) -> None:
    source, target = (Tensor(EVERY.shape, "int16", (s,), (0,)) for s in (scale, output))
    case = DrawnCase(model(operator, [source], target, options), EVERY, f"{operator} {scale}")
    runners.check(case, "host")


@pytest.mark.parametrize("zero_point", [-128, 127])
@pytest.mark.parametrize("ratio", [93, 105, 125])
@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_of_quotients(order: list[int], ratio: int, zero_point: int) -> None:
    """The quotient of an odd dividend by twice the ratio of the scales lies half way."""
    dividends = np.arange(-128, 128, dtype=np.int8).reshape(1, 256, 1)
    divisors = np.array([v for v in range(-128, 128) if v != zero_point], np.int8)
    a = Tensor(dividends.shape, "int8", (float(ratio),), (0,))
    b = Tensor((1, 1, 255), "int8", (1.0,), (zero_point,))
    values = [dividends, divisors.reshape(b.shape)]
    tensors = [[a, b][i] for i in order]
    tensors[1].data = values[order[1]]
    target = Tensor((1, 256, 255), "int8", (1.0,), (-3,))
    content = graph([*tensors, target], [Operator("DIV", order, [2])], 0, 2)
    runners.check(DrawnCase(content, values[order[0]], f"DIV {order} {ratio}"), "host")
