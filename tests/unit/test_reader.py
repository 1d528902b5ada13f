"""Every way a .tflite file can be wrong ends in one BadInput: one line, little time and memory.

.venv/bin/pytest tests/unit/test_reader.py
"""

from __future__ import annotations

import struct
import time
import tracemalloc
from collections.abc import Callable
from functools import cache
from typing import Any

import flatbuffers
import numpy as np
import one_operator
import pytest
from ai_edge_litert import schema_py_generated as schema
from boardless import compiler, graph, reference
from boardless.errors import BadInput
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from one_operator import Operator, Tensor

SECONDS = 1.0
BYTES = 500 << 20
FUZZ = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=500,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def attempt(content: bytes) -> BadInput | None:
    """Reads, plans and emits; the refusal, if there is one. Anything else fails the test."""
    began = time.process_time()
    refusal = None
    try:
        compiler.emit(compiler.compile_graph(graph.read(content, "file")))
    except BadInput as error:
        refusal = error
    assert time.process_time() - began < SECONDS
    if refusal is not None:
        assert "\n" not in str(refusal)
        assert str(refusal).startswith("file")
    return refusal


def small_network(dtype: str = "int8") -> Any:
    """A padded convolution, two branches, an old-fashioned head: most of what files contain."""
    real = dtype == "float32"

    def activation(*shape: int, scale: float = 0.1, zero_point: int = 3) -> Tensor:
        return Tensor(shape, dtype) if real else Tensor(shape, dtype, (scale,), (zero_point,))

    def weights(*shape: int) -> Tensor:
        data = np.arange(np.prod(shape)).reshape(shape) % 9
        if real:
            return Tensor(shape, dtype, data=data)
        count = shape[0] if dtype == "int8" else 1
        return Tensor(shape, dtype, (0.01,) * count, (0,), 0, data)

    def bias(count: int) -> Tensor:
        kind = "float32" if real else "int32"
        return Tensor((count,), kind, () if real else (0.001,), data=np.arange(count))

    tensors = [
        activation(1, 5, 5, 2),
        Tensor((4, 2), "int32", data=np.array([[0, 0], [1, 1], [1, 1], [0, 0]])),
        activation(1, 7, 7, 2),
        weights(3, 3, 3, 2),
        bias(3),
        activation(1, 3, 3, 3),
        activation(1, 3, 3, 3),
        activation(1, 3, 3, 3),
        activation(1, 27),
        weights(4, 27),
        bias(4),
        activation(1, 4),
        activation(1, 4, scale=1 / 256, zero_point=0 if dtype == "uint8" else -128),
    ]
    conv = {"strideH": 2, "strideW": 2, "dilationHFactor": 1, "dilationWFactor": 1, "padding": 1}
    operators = [
        Operator("PAD", [0, 1], [2]),
        Operator("CONV_2D", [2, 3, 4], [5], conv),
        Operator("RELU", [5], [6]),
        Operator("ADD", [5, 6], [7]),
        Operator("RESHAPE", [7], [8], {"newShape": [1, 27]}),
        Operator("FULLY_CONNECTED", [8, 9, 10], [11]),
        Operator("SOFTMAX", [11], [12], {"beta": 1.0}),
    ]
    return one_operator.unpacked(tensors, operators, 0, 12)


@cache
def content(dtype: str = "int8") -> bytes:
    return one_operator.packed(small_network(dtype))


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


@given(st.sampled_from(["int8", "float32", "uint8"]), CHANGES)
@settings(FUZZ, max_examples=1000)
def test_mutated(dtype: str, changes: list[tuple[float, str, int]]) -> None:
    data = bytearray(content(dtype))
    for where, kind, value in changes:
        size = struct.calcsize(kind)
        at = int(where * (len(data) // size)) * size  # flatbuffers align what they store
        struct.pack_into(kind, data, at, value % (1 << 8 * size))
    attempt(bytes(data))


@given(st.data())
@settings(FUZZ, max_examples=500)
def test_pieces_moved_about(data: st.DataObject) -> None:
    whole = content()
    at, source = (data.draw(st.integers(0, len(whole) - 64)) for _ in "ab")
    size = data.draw(st.integers(1, 64))
    attempt(whole[:at] + whole[source : source + size] + whole[at + size :])


def broken(change: Callable[[Any, Any], None], dtype: str = "int8") -> bytes:
    """The small network after change(model, subgraph)."""
    model = small_network(dtype)
    change(model, model.subgraphs[0])
    return one_operator.packed(model)


def put(target: Any, **values: Any) -> None:
    for key, value in values.items():
        assert hasattr(target, key)
        setattr(target, key, value)


def code(model: Any, name: str, custom: bytes | None = None) -> None:
    number = getattr(schema.BuiltinOperator, name)
    put(
        model.operatorCodes[3],
        builtinCode=number,
        deprecatedBuiltinCode=min(number, 127),
        customCode=custom,
    )


def no_padding_but_batch(m: Any, g: Any) -> None:
    for i in (0, 2, 5, 6, 7, 8, 11, 12):
        g.tensors[i].shape = [2, *g.tensors[i].shape[1:]]


WRONG: dict[str, tuple[Callable[[Any, Any], None], str]] = {
    "operator reads its own output": (
        lambda m, g: put(g.operators[3], inputs=[5, 7]),
        "operator 3 ADD: reads tensor 7 before it is written",
    ),
    "operators read each other": (
        lambda m, g: put(g.operators[2], inputs=[7]),
        "operator 2 RELU: reads tensor 7 before it is written",
    ),
    "two operators write one tensor": (
        lambda m, g: put(g.operators[3], outputs=[6]),
        "operator 3 ADD: writes a tensor that already has a value",
    ),
    "operator writes a constant": (
        lambda m, g: put(g.operators[3], outputs=[4]),
        "operator 3 ADD: writes a tensor that already has a value",
    ),
    "operator without a kernel": (
        lambda m, g: code(m, "CUMSUM"),
        "operator 3 CUMSUM: boardless has no kernel for this operator",
    ),
    "custom operator": (
        lambda m, g: code(m, "CUSTOM", b"My\nOp"),
        r"operator 3 CUSTOM My\?Op: boardless has no kernel",
    ),
    "tensor of an operator is not there": (
        lambda m, g: put(g.operators[3], inputs=[5, 99]),
        "operator 3 ADD: names a tensor that is not there",
    ),
    "operator code is not there": (
        lambda m, g: put(g.operators[3], opcodeIndex=77),
        "operator 3: names operator code 77",
    ),
    "buffer is not there": (
        lambda m, g: put(g.tensors[3], buffer=1234),
        "tensor 3: names buffer 1234",
    ),
    "input missing": (
        lambda m, g: put(g.operators[3], inputs=[-1, 5]),
        "operator 3 ADD: input 0 is missing",
    ),
    "no inputs at all": (
        lambda m, g: put(g.operators[3], inputs=[]),
        "operator 3 ADD: 0 inputs instead of two",
    ),
    "filter missing": (
        lambda m, g: put(g.operators[1], inputs=[2, -1, 4]),
        "operator 1 CONV_2D: input 1 is missing",
    ),
    "two model inputs": (lambda m, g: put(g, inputs=[0, 5]), "2 inputs"),
    "no model output": (lambda m, g: put(g, outputs=[]), "0 outputs"),
    "model output is not there": (lambda m, g: put(g, outputs=[99]), "names tensor 99"),
    "nobody writes the output": (lambda m, g: put(g.operators[6], outputs=[11]), "already has"),
    "output is a constant": (lambda m, g: put(g, outputs=[9]), "output is a constant"),
    "input is a constant": (lambda m, g: put(g, inputs=[9]), "input is a constant"),
    "no subgraph": (lambda m, g: put(m, subgraphs=[]), "no subgraph"),
    "no tensors": (lambda m, g: put(g, tensors=[]), "0 tensors"),
    "no operators": (lambda m, g: put(g, operators=[]), "no operator writes"),
    "batch of two": (no_padding_but_batch, "batch size 2"),
    "no element": (lambda m, g: put(g.tensors[6], shape=[1, 0, 3, 3]), "holds no element"),
    "negative size": (lambda m, g: put(g.tensors[6], shape=[1, -3, 3, 3]), "makes no sense"),
    "shape overflows": (lambda m, g: put(g.tensors[6], shape=[2**31 - 1] * 4), "makes no sense"),
    "two gigabytes": (lambda m, g: put(g.tensors[6], shape=[1, 2**15, 2**16]), "makes no sense"),
    "100 megabytes": (lambda m, g: put(g.tensors[6], shape=[1, 2**12, 2**13]), "more than"),
    "constant of two gigabytes": (lambda m, g: put(g.tensors[9], shape=[2**31 - 1]), "no sense"),
    "constant too short": (lambda m, g: put(g.tensors[9], shape=[4, 28]), "108 bytes, its shape"),
    "nine dimensions": (lambda m, g: put(g.tensors[6], shape=[1] * 9), "9 dimensions"),
    "scale is not a number": (
        lambda m, g: put(g.tensors[5].quantization, scale=[float("nan")]),
        "tensor 5: a quantisation scale is not a positive number",
    ),
    "scale is 0": (lambda m, g: put(g.tensors[5].quantization, scale=[0.0]), "positive number"),
    "scale is infinite": (
        lambda m, g: put(g.tensors[5].quantization, scale=[float("inf")]),
        "positive number",
    ),
    "scale is out of range": (
        lambda m, g: put(g.tensors[5].quantization, scale=[1e30]),
        "out of all range",
    ),
    "no scale": (lambda m, g: put(g.tensors[5], quantization=None), "needs one scale"),
    "zero point beyond int8": (
        lambda m, g: put(g.tensors[5].quantization, zeroPoint=[128]),
        "zero point is out of int8's range",
    ),
    "scales do not fit the axis": (
        lambda m, g: put(g.tensors[3].quantization, quantizedDimension=3),
        "3 scales along axis 3",
    ),
    "axis is not there": (
        lambda m, g: put(g.tensors[3].quantization, quantizedDimension=-1),
        "3 scales along axis -1",
    ),
    "zero points do not fit the scales": (
        lambda m, g: put(g.tensors[3].quantization, zeroPoint=[0, 0]),
        "3 scales but 2 zero points",
    ),
    "sparse weights": (
        lambda m, g: put(g.tensors[9], sparsity=schema.SparsityParametersT()),
        "stored as sparse",
    ),
    "weights of 4 bits": (
        lambda m, g: put(g.tensors[9], type=schema.TensorType.INT4),
        "operator 5 FULLY_CONNECTED: reads values of type int4",
    ),
    "activation of 16 bits": (
        lambda m, g: put(g.tensors[6], type=schema.TensorType.INT16, quantization=None),
        "operator 2 RELU, tensor 6: type int16",
    ),
    "weights are computed": (
        lambda m, g: put(g.operators[5], inputs=[8, 8, 10]),
        "operator 5 FULLY_CONNECTED: the filter is computed",
    ),
    "bias of the wrong length": (
        lambda m, g: put(g.operators[5], inputs=[8, 9, 4]),
        "operator 5 FULLY_CONNECTED: the bias is int32 3",
    ),
    "stride of 0": (
        lambda m, g: put(g.operators[1].builtinOptions, strideH=0),
        "operator 1 CONV_2D: a stride",
    ),
    "huge dilation": (
        lambda m, g: put(g.operators[1].builtinOptions, dilationWFactor=2**31 - 1),
        "operator 1 CONV_2D: a stride, dilation",
    ),
    "beta is not a number": (
        lambda m, g: put(g.operators[6].builtinOptions, beta=float("nan")),
        "operator 6 SOFTMAX: beta",
    ),
    "no options": (
        lambda m, g: put(g.operators[1], builtinOptionsType=0, builtinOptions=None),
        "operator 1 CONV_2D: the option 'stride_h' is missing",
    ),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_said(case: tuple[Callable[[Any, Any], None], str]) -> None:
    change, message = case
    refusal = attempt(broken(change))
    assert refusal is not None
    assert refusal.exit_status == 2
    with pytest.raises(BadInput, match=message):
        raise refusal


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


@pytest.mark.parametrize("kind", ["names", "shapes", "scales", "links"])
def test_many_users_of_one_vector(kind: str) -> None:
    data = many_users_of_one_vector(kind)
    attempt(data)
    assert peak(lambda: attempt_slowly(data)) < BYTES


def attempt_slowly(data: bytes) -> None:
    """Without the clock: tracing makes everything slower."""
    with pytest.raises(BadInput):
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
