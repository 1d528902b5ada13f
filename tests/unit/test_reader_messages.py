"""An error in a .tflite is one line: the operator, its number, the field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ai_edge_litert import schema_py_generated as schema
from boardless.core.errors import BadInput
from broken_models import attempt, broken, code, put


def no_padding_but_batch(m: Any, g: Any) -> None:
    for i in (0, 2, 5, 6, 7, 8, 11, 12):
        g.tensors[i].shape = [2, *g.tensors[i].shape[1:]]


def no_kernel_and_no_stride(m: Any, g: Any) -> None:
    code(m, "CUMSUM")
    put(g.operators[1].builtinOptions, strideH=0)


def too_large_and_no_kernel(m: Any, g: Any) -> None:
    put(g.tensors[6], shape=[1, 2**12, 2**13])
    code(m, "CUMSUM")


def program_for_an_npu(m: Any, g: Any) -> None:
    """Vela's operator reads weights and scratch memory that hold nothing in the file."""
    g.tensors[3].buffer = 0
    code(m, "CUSTOM", b"ethos-u", operator=1)


WRONG: dict[str, tuple[Callable[[Any, Any], None], str]] = {
    "operator reads its own output": (
        lambda m, g: put(g.operators[3], inputs=[5, 7]),
        "operator 3 ADD: reads tensor 7 before it is written",
    ),
    "operators read each other": (
        lambda m, g: put(g.operators[2], inputs=[7]),
        "operator 2 RELU: reads tensor 7 before it is written",
    ),
    "operator reads what nobody writes": (
        lambda m, g: put(g.tensors[3], buffer=0),
        "operator 1 CONV_2D: reads tensor 3, which is no constant and is written by no operator",
    ),
    "program for an NPU": (
        program_for_an_npu,
        "operator 1 CUSTOM ethos-u: it is a program for the NPU Ethos-U, which Arm's Vela has made "
        r"of a part of the model; .*; give the \.tflite that Vela was given",
    ),
    "program for a TPU": (
        lambda m, g: code(m, "CUSTOM", b"edgetpu-custom-op"),
        r"operator 3 CUSTOM edgetpu-custom-op: it is a program .* edgetpu_compiler was given",
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
        "operator 3 ADD: refers to a tensor that does not exist",
    ),
    "operator code is not there": (
        lambda m, g: put(g.operators[3], opcodeIndex=77),
        "operator 3: refers to operator code 77",
    ),
    "buffer is not there": (
        lambda m, g: put(g.tensors[3], buffer=1234),
        "tensor 3: refers to buffer 1234",
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
    "two model inputs that are one": (lambda m, g: put(g, inputs=[0, 0]), "are one tensor"),
    "second input is written": (lambda m, g: put(g, inputs=[0, 5]), "already has a value"),
    "second output is not there": (lambda m, g: put(g, outputs=[12, 99]), "refers to tensor 99"),
    "second output is a constant": (lambda m, g: put(g, outputs=[12, 9]), "output is a constant"),
    "too many inputs": (lambda m, g: put(g, inputs=[*range(13)] * 5), "the model has 65 inputs"),
    "no model output": (lambda m, g: put(g, outputs=[]), "0 outputs"),
    "model output is not there": (lambda m, g: put(g, outputs=[99]), "refers to tensor 99"),
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
    "100 megabytes among others": (
        too_large_and_no_kernel,
        "operator 2 RELU: tensor 6: shape .* holds more than 8,388,608 elements .*; operator 3 "
        "CUMSUM: boardless has no kernel .*; no microcontroller has so much memory",
    ),
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
    "too few weights of 4 bits": (
        lambda m, g: put(g.tensors[9], type=schema.TensorType.INT4, shape=[4, 108]),
        "tensor 9: holds 108 bytes, its shape needs 216",
    ),
    "weights of an unknown type": (
        lambda m, g: put(g.tensors[9], type=schema.TensorType.COMPLEX64),
        r"operator 5 FULLY_CONNECTED: reads values of type complex64 \(.*int8 1x27.* -> int8 1x4\)",
    ),
    "several operators": (
        no_kernel_and_no_stride,
        "2 operators cannot be run: operator 1 CONV_2D: a stride.*; operator 3 CUMSUM: boardless "
        r"has no kernel for this operator \(int8 1x3x3x3, int8 1x3x3x3 -> int8 1x3x3x3\)",
    ),
    "activation of 16 bits": (
        lambda m, g: put(g.tensors[5], type=schema.TensorType.INT16),
        "operator 1 CONV_2D: turns int8 into int16",
    ),
    "activation of another type": (
        lambda m, g: put(g.tensors[6], type=schema.TensorType.FLOAT16),
        "operator 2 RELU: turns int8 into float16.*; operator 3 ADD: mixes",
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
