"""MACs of every operator and of layers in a row: fold.macs counts on the graph as it was
read, the kernels' lower.py on the calls."""

from __future__ import annotations

from typing import Any

import pytest
from boardless.model import compiler, graph
from hypothesis import given
from hypothesis import strategies as st
from properties import chains, drawn
from properties.drawing import DrawnCase
from properties.test_kernels import folders

RECURRENT = ("svdf", "unidirectional_sequence_lstm")
WEIGHTED = ("conv_2d", "depthwise_conv_2d", "fully_connected", "transpose_conv", *RECURRENT)


@folders
@drawn.every_case
def test_nominal_is_what_the_call_does(folder: str, dtype: str, case: DrawnCase) -> None:
    program = case.unfolded
    assert program.nominal_macs == program.macs == by_hand(case.graph)
    assert (program.macs > 0) == (folder in WEIGHTED)


@pytest.mark.parametrize("dtype", ["int8", "float32"])
@given(data=st.data())
def test_nominal_is_what_the_calls_of_a_network_do(dtype: str, data: st.DataObject) -> None:
    read = graph.read(data.draw(chains.networks(dtype)).content, "case")
    plain, folded = (compiler.compile_graph(read, fold=fold) for fold in (False, True))
    assert plain.nominal_macs == folded.nominal_macs == plain.macs == by_hand(read)
    assert folded.macs <= plain.macs


def by_hand(read: graph.Graph) -> int:
    """One per output value and tap; in a transposed convolution, per input value and tap; in a
    recurrent layer, per step and weight."""
    return sum(taps(read, op) * values(read, op) for op in read.operators)


def values(read: graph.Graph, op: graph.Operator) -> int:
    if op.name == "TRANSPOSE_CONV":
        return read.tensors[op.inputs[2]].count
    if op.name.lower() in RECURRENT:
        source = read.tensors[op.inputs[0]]
        return source.count // source.shape[-1]
    return read.tensors[op.outputs[0]].count


def taps(read: graph.Graph, op: graph.Operator) -> int:
    if op.name.lower() not in WEIGHTED:
        return 0
    if op.name == "SVDF":
        return read.tensors[op.inputs[1]].count + read.tensors[op.inputs[2]].count
    if op.name.lower() in RECURRENT:  # four gates, each of the input and of the last output
        return sum(read.tensors[i].count for i in op.inputs[1:9])
    shape: Any = read.tensors[op.inputs[1]].shape
    if op.name == "DEPTHWISE_CONV_2D":  # 1HWO
        return int(shape[1] * shape[2])
    if op.name == "TRANSPOSE_CONV":  # OHWI
        return int(shape[0] * shape[1] * shape[2])
    return int(read.tensors[op.inputs[1]].count // shape[0])  # OHWI, OI
