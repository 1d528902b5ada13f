"""Outputs that are neither int8 nor float32: places, numbers and truths, on the host and the M4."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boardless import path
from boardless.model import compiler, graph, reference
from boardless.report import record
from host_kernels import HostModel
from one_operator import TYPES, Operator, Tensor, model
from one_operator import graph as network

RNG = np.random.default_rng(11)
COUNT = 4  # inputs of each
MAP = (COUNT, 3, 4)


def largest(dtype: str) -> tuple[bytes, Any]:
    """Returns a model that finds the largest of each row, and inputs for it."""
    axis = Tensor((), "int32", data=np.array(-1))
    source, output = Tensor((1, 3, 4), "int8", (0.1,), (3,)), Tensor((1, 3), dtype)
    content = model("ARG_MAX", [source, axis], output, {"outputType": TYPES[dtype]})
    return content, RNG.integers(-128, 128, MAP).astype(np.int8)


def words() -> tuple[bytes, Any]:
    """Returns a model from words, int32, to the largest number of each one's row, int64."""
    table = Tensor((50, 6), "float32", data=RNG.normal(size=(50, 6)))
    tensors = [Tensor((1, 7), "int32"), table, Tensor((1, 7, 6), "float32")]
    tensors += [Tensor((), "int32", data=np.array(-1)), Tensor((1, 7), "int64")]
    operators = [
        Operator("GATHER", [1, 0], [2]),
        Operator("ARG_MAX", [2, 3], [4], {"outputType": TYPES["int64"]}),
    ]
    return network(tensors, operators, 0, 4), RNG.integers(0, 50, (COUNT, 7), np.int32)


def numbers() -> tuple[bytes, Any]:
    """Returns a model that cuts the fractions off."""
    options = {"inDataType": TYPES["float32"], "outDataType": TYPES["int32"]}
    source, output = Tensor((1, 3, 4), "float32"), Tensor((1, 3, 4), "int32")
    fed = (RNG.normal(size=MAP) * 1e5).astype(np.float32)
    return model("CAST", [source], output, options), fed


def truths() -> tuple[bytes, Any]:
    """Returns a model that compares with a constant of each column."""
    other = Tensor((4,), "float32", data=RNG.normal(size=4))
    content = model("GREATER", [Tensor((1, 3, 4), "float32"), other], Tensor((1, 3, 4), "bool"))
    return content, RNG.normal(size=MAP).astype(np.float32)


KINDS: dict[str, tuple[bytes, Any]] = {
    "int32": largest("int32"),
    "int64": largest("int64"),
    "int32 to int64": words(),
    "cast": numbers(),
    "bool": truths(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_on_the_host(kind: str, tmp_path: Path) -> None:
    content, fed = KINDS[kind]
    found = HostModel(compiler.compile_graph(graph.read(content, "net")), tmp_path).run(fed)
    expected = reference.predict(content, fed)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)
    assert len(np.unique(expected)) > 1


@pytest.mark.emulated
@pytest.mark.parametrize("kind", ["int32 to int64", "cast", "bool"])
def test_on_a_device(kind: str, tmp_path: Path) -> None:
    """All bytes come over the line, and into the report."""
    content, fed = KINDS[kind]
    file, images = tmp_path / f"{kind.split()[-1]}.tflite", tmp_path / "fed.npz"
    file.write_bytes(content)
    np.savez(images, inputs=fed)
    outcome = path.follow(path.Request(str(file), "mps2-an386", images=images, link="uart"))
    assert outcome.verdict.ok
    np.testing.assert_array_equal(outcome.run.outputs, reference.predict(content, fed))
    said = record.run(outcome)
    assert said["bit_exact"]
    assert said["outputs"] == outcome.run.outputs.tolist()
