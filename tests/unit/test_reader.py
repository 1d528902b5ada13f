"""Every way a .tflite file can be wrong ends in one BadInput: one line, little time and memory.

.venv/bin/pytest tests/unit/test_reader.py
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from boardless.model import graph, reference
from broken_models import attempt, broken, content, put
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FUZZ = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=500,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("dtype", ["int8", "float32", "uint8"])
def test_the_network_itself_is_read(dtype: str) -> None:
    assert attempt(content(dtype)) is None
    read = graph.read(content(dtype), "file")
    assert [op.name for op in read.operators][-1] == "SOFTMAX"
    assert read.input_tensor.dtype == ("float32" if dtype == "float32" else "int8")
    assert read.operators[1].options["stride_h"] == 2
    assert read.operators[1].options["padding"] == "VALID"


def test_uint8_means_the_same_reals() -> None:
    old, new = (graph.read(content(dtype), "file") for dtype in ("uint8", "int8"))
    q = old.input_tensor.quantisation
    assert q
    assert (round(q.scale, 6), q.zero_point) == (0.1, 3 - 128)
    filters = [g.tensors[g.operators[1].inputs[1]].data for g in (old, new)]
    np.testing.assert_array_equal(filters[0], filters[1])


@given(st.binary(max_size=4000))
@FUZZ
def test_random_bytes(data: bytes) -> None:
    assert attempt(data) is not None


@pytest.mark.slow
@given(st.binary(max_size=1000))
@FUZZ
def test_random_bytes_behind_the_mark(data: bytes) -> None:
    assert attempt(data[:4].ljust(4, b"\0") + b"TFL3" + data[4:]) is not None


@pytest.mark.parametrize("dtype", ["int8", "float32", "uint8"])
def test_truncated(dtype: str) -> None:
    whole = content(dtype)
    for size in range(0, len(whole), 5):
        attempt(whole[:size])
    assert attempt(whole[: len(whole) // 2]) is not None


WORDS = st.sampled_from([0, 1, 2, 0x7F, 0xFF, 0x7FFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
FLOATS = st.sampled_from([0x7FC00000, 0x7F800000, 0xFF800000, 1, 0x7F7FFFFF])  # NaN, infinite, ...
CHANGES = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),  # where
        st.sampled_from(["<I", "<H", "<B"]),
        WORDS | FLOATS | st.integers(0, 0xFFFFFFFF),
    ),
    min_size=1,
    max_size=8,
)


@pytest.mark.slow
@given(st.sampled_from(["int8", "float32", "uint8"]), CHANGES)
@settings(FUZZ, max_examples=1000)
def test_mutated(dtype: str, changes: list[tuple[float, str, int]]) -> None:
    data = bytearray(content(dtype))
    for where, kind, value in changes:
        size = struct.calcsize(kind)
        at = int(where * (len(data) // size)) * size  # flatbuffers align what they store
        struct.pack_into(kind, data, at, value % (1 << 8 * size))
    attempt(bytes(data))


@pytest.mark.slow
@given(st.data())
@settings(FUZZ, max_examples=500)
def test_pieces_moved_about(data: st.DataObject) -> None:
    whole = content()
    at, source = (data.draw(st.integers(0, len(whole) - 64)) for _ in "ab")
    size = data.draw(st.integers(1, 64))
    attempt(whole[:at] + whole[source : source + size] + whole[at + size :])


def test_wrong_axis_on_one_dimension_is_read_as_0() -> None:
    """Some exporters write 3 on a depthwise bias; the reference is given 0 there as well."""

    def change(m: Any, g: Any) -> None:
        put(g.tensors[4].quantization, scale=[0.1] * 3, zeroPoint=[0] * 3, quantizedDimension=3)

    content = broken(change)
    q = graph.read(content, "file").tensors[4].quantisation
    assert q
    assert (len(q.scales), q.axis) == (3, 0)
    assert reference.predict(content, np.zeros((1, 5, 5, 2), np.int8)).shape == (1, 4)


def test_the_first_of_several_subgraphs_is_read() -> None:
    def change(m: Any, g: Any) -> None:
        m.subgraphs.append(schema.SubGraphT())
        put(m.subgraphs[1], tensors=[], inputs=[], outputs=[], operators=[])

    assert attempt(broken(change)) is None


def test_absent_bias_and_shared_weights() -> None:
    def change(m: Any, g: Any) -> None:
        put(g.operators[5], inputs=[8, 9, -1])
        put(g.tensors[10], buffer=g.tensors[4].buffer, shape=[3])

    assert attempt(broken(change)) is None


def test_constant_input_of_an_operator() -> None:
    def change(m: Any, g: Any) -> None:
        buffer = schema.BufferT()
        put(buffer, data=np.arange(27, dtype=np.uint8))
        m.buffers.append(buffer)
        g.tensors[6].buffer = len(m.buffers) - 1  # what RELU wrote
        del g.operators[2]

    assert attempt(broken(change)) is None
