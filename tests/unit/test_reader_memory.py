"""Small files that would fill the memory are refused in time."""

from __future__ import annotations

import contextlib
import tracemalloc
from collections.abc import Callable
from typing import Any

import flatbuffers
import numpy as np
import one_operator
import pytest
from ai_edge_litert import schema_py_generated as schema
from boardless.core.errors import BadInput
from boardless.model import compiler, graph
from broken_models import attempt, put, small_network

BYTES = 500 << 20


def peak(run: Callable[[], Any]) -> int:
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def many_users_of_one_vector(kind: str) -> bytes:
    """A file of some megabytes whose tables all point at the same vector: bytes times entries."""
    builder = flatbuffers.Builder(1 << 20)
    large = builder.CreateByteVector(bytes(4 << 20))
    quantisation = 0
    if kind == "scales":
        schema.QuantizationParametersStart(builder)
        schema.QuantizationParametersAddScale(builder, large)
        quantisation = schema.QuantizationParametersEnd(builder)
    schema.TensorStart(builder)
    if kind == "names":
        schema.TensorAddName(builder, large)
    if kind == "shapes":
        schema.TensorAddShape(builder, large)
    if quantisation:
        schema.TensorAddQuantization(builder, quantisation)
    schema.TensorAddType(builder, schema.TensorType.INT8)
    schema.TensorAddBuffer(builder, 0)
    tensor = schema.TensorEnd(builder)
    schema.OperatorStart(builder)
    if kind == "links":
        schema.OperatorAddInputs(builder, large)
    operator = schema.OperatorEnd(builder)

    def vector(of: int, count: int) -> int:
        builder.StartVector(4, count, 4)
        for _ in range(count):
            builder.PrependUOffsetTRelative(of)
        return int(builder.EndVector())

    # counts just below what the reader refuses at once
    tensors, operators = vector(tensor, 5000), vector(operator, 2500)
    builder.StartVector(4, 1, 4)
    builder.PrependInt32(0)
    ends = builder.EndVector()
    schema.SubGraphStart(builder)
    schema.SubGraphAddTensors(builder, tensors)
    schema.SubGraphAddOperators(builder, operators)
    schema.SubGraphAddInputs(builder, ends)
    schema.SubGraphAddOutputs(builder, ends)
    subgraphs = vector(schema.SubGraphEnd(builder), 1)
    schema.OperatorCodeStart(builder)
    codes = vector(schema.OperatorCodeEnd(builder), 1)
    schema.BufferStart(builder)
    buffers = vector(schema.BufferEnd(builder), 1)
    schema.ModelStart(builder)
    schema.ModelAddVersion(builder, 3)
    schema.ModelAddOperatorCodes(builder, codes)
    schema.ModelAddSubgraphs(builder, subgraphs)
    schema.ModelAddBuffers(builder, buffers)
    builder.Finish(schema.ModelEnd(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["names", "shapes", "scales", "links"])
def test_many_users_of_one_vector(kind: str) -> None:
    data = many_users_of_one_vector(kind)
    attempt(data)
    assert peak(lambda: attempt_slowly(data)) < BYTES


def attempt_slowly(data: bytes) -> None:
    """Reads without a time limit, because tracing makes everything slower. What is read may be a
    model, such as one whose output is its input."""
    with contextlib.suppress(BadInput):
        compiler.compile_graph(graph.read(data, "file"))


def test_many_users_of_one_constant() -> None:
    """1,000 dense layers on the same 16 MB; in uint8 and float16 they would be converted, too."""
    data = np.zeros(16 << 20, np.uint8)
    for kind, zero in ((schema.TensorType.UINT8, 128), (schema.TensorType.INT8, 0)):
        model = small_network("uint8")
        g = model.subgraphs[0]
        buffer = schema.BufferT()
        put(buffer, data=data)
        model.buffers.append(buffer)
        put(g.tensors[9], type=kind, shape=[4, len(data) // 4], buffer=len(model.buffers) - 1)
        put(g.tensors[9].quantization, scale=[0.1], zeroPoint=[zero])
        g.tensors += [g.tensors[9]] * 1000
        whole = one_operator.packed(model)
        refusal = attempt(whole)
        assert refusal is not None
        assert "flash" in str(refusal)
        assert peak(lambda whole=whole: attempt_slowly(whole)) < BYTES  # type: ignore[misc]
