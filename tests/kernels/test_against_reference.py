"""The C that the compiler generates for an operator, built as a library of this machine, against
TFLite's reference kernels: on the cases that tests/properties draws, which calls kernels directly.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from boardless.model import compiler, graph, reference
from host_kernels import HostModel
from one_operator import Tensor, model
from properties import drawing, runners, strategies
from properties.test_kernels import folders

CASES = 12  # per operator and type: all of them are compiled


@folders
def test_generated_c_equals_reference(folder: str, dtype: str, tmp_path: Path) -> None:
    cases = drawing.some(strategies.load(folder).cases(dtype), CASES)
    programs = [compiler.compile_graph(graph.read(case.content, "case")) for case in cases]
    for case, built in zip(cases, HostModel.several(programs, tmp_path), strict=True):
        expected = reference.predict(case.oracle or case.content, case.inputs)
        try:
            runners.equal(case, built.program, built.run(case.inputs), expected)
        except AssertionError as error:
            raise AssertionError(f"{case}: {error}") from error


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
