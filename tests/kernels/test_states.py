"""Recurrent layers remember what the reference remembers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import recurrent
from boardless.model import compiler, graph, reference
from host_kernels import HostModel
from properties import runners


@pytest.mark.parametrize("keep_state", [False, True])
@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_what_the_layers_remember(dtype: str, keep_state: bool, tmp_path: Path) -> None:
    content, fed = recurrent.network(dtype), recurrent.inputs(dtype)
    read = graph.read(content, "net").replace(keeps_states=keep_state)
    program = compiler.compile_graph(read)
    expected = reference.predict(content, fed, keep_state=keep_state)
    for found in (HostModel(program, tmp_path).run(fed), runners.load("host").run(program, fed)):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=0 if dtype == "int8" else 1e-5)
    other = reference.predict(content, fed, keep_state=not keep_state)
    assert (expected[0] == other[0]).all()
    assert (expected[1:] != other[1:]).any(axis=1).mean() > 0.7
