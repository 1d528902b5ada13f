"""Checks on drawn cases that what a kernel's folder says of its operator is true of TFLite."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from boardless.core.errors import BoardlessError
from boardless.model import compiler, graph, reference, traits
from boardless.model import folders as kernel_folders
from boardless.model.compiler import kernels
from boardless.model.compiler.fold.links import links_of
from properties import drawn
from properties.drawing import DrawnCase
from properties.test_kernels import FOLDERS, folders

TYPE_OF_TENSOR = 6  # where the schema's tables of tensors say where it is
QUANTISED = [(name, dtype) for name, dtype in FOLDERS if dtype == "int8"]


def served(folder: str) -> list[traits.Traits]:
    """The traits of the operators of a folder."""
    return [traits.of(name) for name in kernel_folders.names() if holds(folder, name)]


def holds(folder: str, operator: str) -> bool:
    return kernel_folders.folder(operator) == folder


KEEPING = [
    (folder, dtype)
    for folder, dtype in FOLDERS
    if any(known.keeps_range and not known.converts for known in served(folder))
]
CHANNELWISE = [
    (folder, dtype)
    for folder, dtype in FOLDERS
    if any(known.channels is traits.Channels.OWN for known in served(folder))
]


def context_of(case: DrawnCase, folder: str) -> kernels.Context:
    (op,) = (op for op in case.asked.operators if holds(folder, op.name))
    return kernels.Context(case.asked, op)


@folders
@drawn.every_case
def test_a_call_goes_to_the_folder_that_the_traits_name(
    folder: str, dtype: str, case: DrawnCase
) -> None:
    context = context_of(case, folder)
    known = traits.of(context.op.name)
    for layer in case.unfolded.layers:
        if layer.op != context.op.name:
            continue
        first = next(t for i in context.op.inputs if (t := context.graph.tensors[i]).data is None)
        converts = known.converts and first.dtype != context.outputs()[0].dtype
        named = None if converts else known.int8 if dtype == "int8" else known.float32
        assert layer.call.header.split("/")[0] == (named or folder)
        assert known.form is not traits.Form.SHAPE


@pytest.mark.parametrize(("folder", "dtype"), KEEPING)
@drawn.every_case
def test_no_output_leaves_the_range_of_the_inputs(folder: str, dtype: str, case: DrawnCase) -> None:
    """Real 0 is in the range where the operator pads or clamps, or reads what another one made."""
    context = context_of(case, folder)
    source, output = context.input(), context.outputs()[0]
    known = traits.of(context.op.name)
    if source.quantisation != output.quantisation or not known.keeps_range:
        return  # the compiler makes no use of it then
    constants = [t.data for t in context.graph.tensors if t.data is not None]
    read = [case.inputs, *(d for d in constants if d.dtype == case.inputs.dtype)]
    low, high = min(float(d.min()) for d in read), max(float(d.max()) for d in read)
    if known.pads_zero or known.clamp or known.takes_activation or len(context.graph.operators) > 1:
        zero = source.quantisation.zero_point if source.quantisation else 0
        clamp = known.clamp or (-1.0, 1.0)
        step = source.quantisation.scale if source.quantisation else 1.0
        ends = [zero + c / step for c in clamp if np.isfinite(c)]
        low, high = min(low, zero, *ends), max(high, zero, *ends)
    margin = 0.5 if dtype == "int8" else 1e-5 * max(1.0, abs(low), abs(high))
    found = case.expected.astype(np.float64)
    assert low - margin <= found.min() <= found.max() <= high + margin


@pytest.mark.parametrize(("folder", "dtype"), CHANNELWISE)
@drawn.every_case
def test_an_output_channel_depends_on_its_own_input_channel_alone(
    folder: str, dtype: str, case: DrawnCase
) -> None:
    context = context_of(case, folder)
    links = [index for _, index in links_of(context)]  # others are the input's, channel by channel
    if not links:
        return
    channel = zlib.crc32(case.content) % case.inputs.shape[-1]  # any, the same every time
    other = case.inputs.copy()
    other[..., channel] = other[..., channel] // 2 if dtype == "int8" else other[..., channel] + 1
    try:
        after = reference.predict(case.oracle or case.content, other)
    except BoardlessError:  # the other values may be some at which TFLite stops
        return
    changed = (case.expected != after).reshape(-1, len(links[0])).any(axis=0)
    own = np.any([index == channel for index in links], axis=0)
    assert not (changed & ~own).any()


@pytest.mark.parametrize(("folder", "dtype"), QUANTISED)
@drawn.every_case
def test_uint8_gives_the_same_values_where_the_traits_say_so(
    folder: str, dtype: str, case: DrawnCase
) -> None:
    context = context_of(case, folder)
    scales = [t.quantisation.scales for t in context.graph.tensors if t.quantisation]
    if not traits.of(context.op.name).same_in_uint8(context.op.options):
        return
    if any(len(each) > 1 for each in scales):
        return  # TFLite has no uint8 weights with a scale per channel
    found = reference.predict(unsigned(case.oracle or case.content), case.inputs)
    np.testing.assert_array_equal(found, case.expected)
    old = generated(compiler.settle(graph.read(unsigned(case.content), "case")))
    new = generated(case.settled)
    known = traits.of(context.op.name)
    if (
        known.weighted or known.filtered is not None
    ):  # TFLite multiplies the scales in single precision
        old, new = (f | {"weights.bin": b"", "weights.S": b""} for f in (old, new))
    assert old == new


def generated(settled: compiler.Settled) -> dict[str, bytes]:
    return compiler.emit(next(compiler.compile_settled(settled)))


def unsigned(content: bytes) -> bytes:
    """The model with uint8 tensors in place of its int8 ones, of the same real values."""
    changed = bytearray(content)
    model = schema.Model.GetRootAs(changed, 0)
    subgraph = model.Subgraphs(0)
    for tensor in map(subgraph.Tensors, range(subgraph.TensorsLength())):
        if tensor.Type() == schema.TensorType.INT8:
            table = tensor._tab
            changed[table.Pos + table.Offset(TYPE_OF_TENSOR)] = schema.TensorType.UINT8
            zero_points = tensor.Quantization().ZeroPointAsNumpy()  # views into what is changed
            zero_points += 128
            if tensor.Buffer():
                values = model.Buffers(tensor.Buffer()).DataAsNumpy()
                values ^= 0x80
    return bytes(changed)
