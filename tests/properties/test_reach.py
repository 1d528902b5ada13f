"""The cases that test_kernels.py compares reach every variant of every kernel, several times."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from boardless.core import paths
from properties import drawn, runners, strategies
from properties.records import COMMENT, PROTOTYPE

LEAST = 10


def variants_of(operator: str) -> list[str]:
    """Functions in the header of an operator's folder, references left out."""
    header = paths.KERNELS / operator / f"{operator}.h"
    text = COMMENT.sub("", header.read_text()) if header.is_file() else ""
    names = [name for name, _ in PROTOTYPE.findall(text)]
    return [n for n in names if re.search(r"_(s8|f32)_", n) and not n.endswith("_ref")]


def sets_for(operator: str, dtype: str) -> list[tuple[str, ...]]:
    """The sets of variants of all boards, without those that the operator's folder does not have,
    which choose nothing there."""
    own = runners.variants_of(operator, dtype)
    boards = runners.boards_by_variants()
    return list(dict.fromkeys(tuple(v for v in variants if v in own) for variants in boards))


@pytest.mark.parametrize("operator", [name for name in strategies.names() if variants_of(name)])
def test_every_variant_is_drawn(operator: str) -> None:
    used: Counter[str] = Counter()
    for dtype in strategies.dtypes(operator):
        for case in drawn.cases(operator, dtype):
            programs = list(runners.programs(case.settled, sets_for(operator, dtype)))
            used.update({layer.call.function for p in programs for layer in p.layers})
    rare = {name: used[name] for name in variants_of(operator) if used[name] < LEAST}
    assert not rare, f"too few cases reach {rare}: draw such more often, or with another SEED"
