"""Two operands, each repeated along an axis that the other has: both step along the outer and the
middle axis, by steps of their own."""

from __future__ import annotations

import numpy as np
import pytest
from one_operator import Tensor, model
from properties import runners
from properties.drawing import DrawnCase

ROWS, COLUMNS, BOTH = (1, 1, 3, 5), (1, 2, 3, 1), (1, 2, 3, 5)
COMPARISONS = ("EQUAL", "LESS")
OPERATORS = ("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "SQUARED_DIFFERENCE", *COMPARISONS)


@pytest.mark.parametrize("shapes", [(ROWS, COLUMNS), (COLUMNS, ROWS)])
@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("dtype", ["int8", "int16", "float32"])
def test_of_numbers(dtype: str, operator: str, shapes: tuple[tuple[int, ...], ...]) -> None:
    if dtype == "int16" and operator not in ("ADD", "SUB", "MUL", "MAXIMUM"):
        pytest.skip("TFLite has no such kernel")
    rng = np.random.default_rng(7)
    is_real = dtype == "float32"
    source, other = (Tensor(shape, dtype, () if is_real else (0.3,)) for shape in shapes)
    other.data = rng.permutation(np.arange(-40, 40, 2))[: np.prod(other.shape)].astype(dtype)
    other.data = np.where(other.data == 0, 3, other.data).reshape(other.shape)
    scale = 0.02 if operator == "DIV" else 0.3
    target = Tensor(BOTH, dtype, () if is_real else (scale,))
    if operator in COMPARISONS:
        target = Tensor(BOTH, "bool")
    fed = rng.integers(-60, 60, (3, *source.shape[1:])).astype(dtype)
    case = DrawnCase(model(operator, [source, other], target, {}), fed, operator)
    runners.check(case, "host", runners.sets_of_host(operator.lower(), dtype))


@pytest.mark.parametrize("shapes", [(ROWS, COLUMNS), (COLUMNS, ROWS)])
@pytest.mark.parametrize("operator", ["LOGICAL_AND", "LOGICAL_OR"])
def test_of_truths(operator: str, shapes: tuple[tuple[int, ...], ...]) -> None:
    rng = np.random.default_rng(8)
    source, other = (Tensor(shape, "bool") for shape in shapes)
    other.data = rng.integers(0, 2, other.shape).astype(bool)
    fed = rng.integers(0, 2, (4, *source.shape[1:])).astype(bool)
    case = DrawnCase(model(operator, [source, other], Tensor(BOTH, "bool"), {}), fed, operator)
    runners.check(case, "host")
