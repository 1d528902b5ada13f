"""Values at which the reference overflows or stops: kernels saturate."""

from __future__ import annotations

import numpy as np
import pytest
from boardless.model import compiler, graph
from one_operator import Operator, Tensor, model
from one_operator import graph as several
from properties import runners

FAR = np.array([[1e30, -1e30, np.inf, -np.inf, 2.0**40, -(2.0**40)]], np.float32)


@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_quantize(dtype: str) -> None:
    source, target = Tensor(FAR.shape, "float32"), Tensor(FAR.shape, dtype, (0.5,))
    program = compiler.compile_graph(graph.read(model("QUANTIZE", [source], target, {}), "far"))
    found = runners.load("host").run(program, FAR)
    ends = np.iinfo(dtype)
    assert found.reshape(-1).tolist() == [ends.max, ends.min] * 3


def test_div_by_zero() -> None:
    """The divisor is computed, so that its values are not known before."""
    shape = (1, 1, 2, 3)
    source, largest = Tensor(shape, "int8", (0.5,)), Tensor((1, 1, 1, 3), "int8", (0.5,))
    target = Tensor(shape, "int8", (2.0**-8,))
    tensors = [source, largest, target, Tensor((2,), "int32", data=np.array([1, 2]))]
    operators = [
        Operator("REDUCE_MAX", [0, 3], [1], {"keepDims": True}),
        Operator("DIV", [0, 1], [2]),
    ]
    program = compiler.compile_graph(graph.read(several(tensors, operators, 0, 2), "zero"))
    fed = np.array([[[[0, -5, 3], [-7, 0, 3]]]], np.int8)
    found = runners.load("host").run(program, fed)
    assert found.reshape(-1).tolist() == [127, 127, 127] * 2
