"""The C that the compiler generates for an operator, built as a library of this machine, against
TFLite's reference kernels: on the cases that tests/properties draws, which calls kernels directly.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from boardless.model import compiler, graph, reference
from host_kernels import HostModel
from hypothesis import given, settings
from hypothesis import strategies as st
from one_operator import Tensor, model
from properties import runners, strategies
from properties.test_kernels import folders

CASES = 12  # per operator and type: each is compiled


@folders
@settings(max_examples=CASES)
@given(data=st.data())
def test_generated_c_equals_reference(
    folder: str, dtype: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    case = data.draw(strategies.load(folder).cases(dtype))
    program = compiler.compile_graph(graph.read(case.content, "case"))
    expected = reference.predict(case.oracle or case.content, case.inputs)
    got = HostModel(program, tmp_path_factory.mktemp("case")).run(case.inputs)
    runners.equal(case, program, got, expected)


def test_fully_connected_rounds_once(tmp_path: Path) -> None:
    """Found in digits_cnn: with two roundings this accumulator gives -29, TFLite gives -28."""
    scales = (float(np.float32(0.016956767)), 0.05678919330239296)
    source = Tensor((1, 1), "int8", scales[:1], (-128,))
    weights = Tensor((1, 1), "int8", scales[1:], (0,), 0, np.array([[-1]]))
    bias = Tensor((1,), "int32", (scales[0] * scales[1],), (0,), 0, np.array([-17636]))
    output = Tensor((1, 1), "int8", (0.35754087567329407,), (19,))
    content = model("FULLY_CONNECTED", [source, weights, bias], output)
    inputs = np.full((1, 1), -128, np.int8)
    got = HostModel(compiler.compile_graph(graph.read(content, "case")), tmp_path).run(inputs)
    assert got.tolist() == [[-28]] == reference.predict(content, inputs).tolist()
