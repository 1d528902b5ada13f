"""Scales at which an accumulator, scaled up, can leave 32 bits: TFLite's interpreters disagree, so
the model is refused; just below, every kernel gives the reference's bits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from boardless.core.errors import BadInput
from boardless.model import compiler, graph
from one_operator import Tensor, model
from properties import runners
from properties.drawing import DrawnCase

CONV = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1, "padding": 1}


def case(operator: str, exponent: int) -> DrawnCase:
    """One layer whose scales have the ratio 2^exponent, its accumulator being up to 255 (MUL:
    65,025), and inputs at both ends."""
    source = Tensor((1, 1, 1, 2), "int8", (1.0,), (-128,))
    ratio = math.ldexp(1.0, -exponent)
    output = Tensor((1, 1, 1, 2), "int8", (ratio,), (0,))
    inputs = np.array([[-128, 127], [127, -127], [0, 1]], np.int8).reshape(3, 1, 1, 2)
    options: dict[str, Any] = {}
    more: list[Tensor] = []
    if operator == "CONV_2D":
        data = np.eye(2).reshape(2, 1, 1, 2)
        bias = Tensor((2,), "int32", (1.0,), data=np.zeros(2))
        more, options = [Tensor((2, 1, 1, 2), "int8", (1.0,), (0,), 0, data), bias], CONV
    elif operator == "DEPTHWISE_CONV_2D":
        more = [Tensor((1, 1, 1, 2), "int8", (1.0,), (0,), 3, np.ones((1, 1, 1, 2)))]
        options = CONV | {"depthMultiplier": 1}
    elif operator == "FULLY_CONNECTED":
        more = [Tensor((2, 2), "int8", (1.0,), (0,), 0, np.eye(2))]
        output = Tensor((1, 2), "int8", (ratio,), (0,))
    elif operator == "MEAN":
        more, options = [Tensor((2,), "int32", data=np.array([1, 2]))], {"keepDims": True}
    elif operator == "MUL":
        more = [Tensor((1, 1, 1, 2), "int8", (1.0,), (-128,), 0, np.full((1, 1, 1, 2), 127))]
    return DrawnCase(
        model(operator, [source, *more], output, options), inputs, f"{operator} {exponent}"
    )


OPERATORS = ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "MEAN", "MUL", "RELU", "QUANTIZE"]


@pytest.mark.parametrize("operator", OPERATORS)
def test_up_to_the_limit_the_bits_are_the_references(operator: str) -> None:
    """A multiplier of 2^k is 2^30 shifted by k + 1, and 255 has 8 bits."""
    highest = 14 if operator == "MUL" else 21
    for exponent in (0, 7, highest):
        runners.check(case(operator, exponent), "host")


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("exponent", [24, 25, 29, 30, 31, 38])
def test_beyond_it_the_model_is_refused(operator: str, exponent: int) -> None:
    with pytest.raises(BadInput, match="its accumulator leaves 32 bits"):
        compiler.compile_graph(graph.read(case(operator, exponent).content, "file"))


@pytest.mark.parametrize("operator", OPERATORS)
def test_there_is_no_gap(operator: str) -> None:
    """Beyond some exponent all are refused, and below it all give the reference's bits."""
    refused = []
    for exponent in range(10, 31):
        made = case(operator, exponent)
        try:
            compiler.compile_graph(graph.read(made.content, "file"))
        except BadInput:
            refused.append(exponent)
            continue
        assert not refused, exponent
        runners.check(made, "host")
    assert refused


def test_foreign_options_are_ignored() -> None:
    """ADD with the options of MUL, RELU6 in them: LiteRT does not clamp, so we do not."""
    from ai_edge_litert import schema_py_generated as schema
    from one_operator import Operator, packed, unpacked

    tensors = [Tensor((1, 4), "int8", (0.1,), (0,)) for _ in range(3)]
    tensors[1].data = np.full((1, 4), 100)
    content = unpacked(tensors, [Operator("ADD", [0, 1], [2])], 0, 2)
    op = content.subgraphs[0].operators[0]
    op.builtinOptionsType = schema.BuiltinOptions.MulOptions
    op.builtinOptions = schema.MulOptionsT()
    op.builtinOptions.fusedActivationFunction = schema.ActivationFunctionType.RELU6
    inputs = np.array([[-128, 0, 20, 127], [-100, -60, 5, 90]], np.int8)
    runners.check(DrawnCase(packed(content), inputs, "ADD with MulOptions"), "host")
