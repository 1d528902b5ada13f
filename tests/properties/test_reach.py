"""The strategies reach every variant of every kernel: what no case reaches, no test compares."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from boardless.core import paths
from boardless.model import compiler, graph
from hypothesis import HealthCheck, Phase, given, settings
from properties import runners, strategies
from properties.drawing import DrawnCase
from properties.records import COMMENT, PROTOTYPE

# Drawn per type, and of these. Cases resemble those before them, so that fewer say little.
CASES, LEAST = 400, 40


def variants_of(operator: str) -> list[str]:
    """Functions in the header of an operator's folder, references left out."""
    header = paths.KERNELS / operator / f"{operator}.h"
    text = COMMENT.sub("", header.read_text()) if header.is_file() else ""
    names = [name for name, _ in PROTOTYPE.findall(text)]
    return [n for n in names if re.search(r"_(s8|f32)_", n) and not n.endswith("_ref")]


@pytest.mark.parametrize("operator", [name for name in strategies.names() if variants_of(name)])
def test_every_variant_is_drawn(operator: str) -> None:
    used: Counter[str] = Counter()
    for dtype in strategies.dtypes(operator):

        @settings(
            max_examples=CASES,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(strategies.load(operator).cases(dtype))
        def look(case: DrawnCase) -> None:
            read = graph.read(case.content, "case")
            programs = [compiler.compile_graph(read, v) for v in runners.boards_by_variants()]
            used.update({layer.call.function for p in programs for layer in p.layers})

        look()
    rare = {name: used[name] for name in variants_of(operator) if used[name] < LEAST}
    assert not rare, f"of {CASES} cases too few reach {rare}"
