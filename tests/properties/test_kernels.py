"""Every kernel on drawn cases against TFLite's reference kernels: int8 to the last bit, float32
within 1e-5 of the largest output. On the host under sanitizers, references and variants, and on the
emulated core.

    pytest tests/properties/test_kernels.py -k conv_2d --hypothesis-profile=deep
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from boardless.model.compiler import kernels
from properties import drawn, records, runners, strategies
from properties.drawing import DrawnCase

KNOWN = {name.lower() for name in kernels.names()}
OPERATORS = [(name, dtype) for name in strategies.names() for dtype in strategies.dtypes(name)]
operators = pytest.mark.parametrize(
    ("operator", "dtype"),
    OPERATORS,
    ids=[f"{strategies.label(name)}-{dtype}" for name, dtype in OPERATORS],
)

FOLDERS = [(name, dtype) for name in strategies.folders() for dtype in strategies.dtypes(name)]
folders = pytest.mark.parametrize(
    ("folder", "dtype"), FOLDERS, ids=[f"{name}-{dtype}" for name, dtype in FOLDERS]
)


def test_every_kernel_has_a_strategy() -> None:
    missing = KNOWN - set(strategies.names())
    assert not missing, f"add tests/properties/strategies/{sorted(missing)[0]}.py"
    assert set(strategies.names()) == KNOWN


@operators
@drawn.all_cases
def test_on_host(operator: str, dtype: str, cases: Sequence[DrawnCase]) -> None:
    """References, then the variants where this operator has any."""
    runners.check_all(cases, "host", runners.sets_of_host(operator, dtype))


ON_CORES = [
    (name, dtype, board, "-".join([strategies.label(name), dtype, *others]))
    for name, dtype in OPERATORS
    for board in runners.boards_with_variant(name, dtype)
    for others in [[] if board == records.BOARD else [board]]
]


@pytest.mark.emulated
@pytest.mark.parametrize(
    ("operator", "dtype", "board"), [c[:3] for c in ON_CORES], ids=[c[3] for c in ON_CORES]
)
@drawn.all_cases
def test_on_core(operator: str, dtype: str, board: str, cases: Sequence[DrawnCase]) -> None:
    """Runs the variant that the compiler picks for the board, built by the board's own compiler."""
    runners.check_all(cases, board)
