"""Curves of int16 values give the reference's bits for each of the 65,536 values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from one_operator import Tensor, model
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
