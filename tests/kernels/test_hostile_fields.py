"""Fields of a model that other interpreters take for something else: refused in one line, or
LiteRT's outputs. Each was found by changing fields at random (tests/properties/fields.py)."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from boardless.core.errors import BadInput
from boardless.judge import predictions
from boardless.model import compiler, graph, reference
from one_operator import Tensor, model
from properties import runners

SCALE = ((0.5,), (0,))
INT8 = Tensor((1, 4), "int8", *SCALE)
MAP = Tensor((1, 2, 2, 1), "int8", *SCALE)
LIST = np.array([0], np.int32)


def constant(data: Any, dtype: str = "int32", **more: Any) -> Tensor:
    values = np.array(data, dtype)
    return Tensor(values.shape, dtype, data=values, **more)


def refusal(content: bytes) -> str:
    with pytest.raises(BadInput) as caught:
        compiler.compile_graph(graph.read(content, "file"))
    line = str(caught.value)
    assert line.startswith("file")
    assert "\n" not in line
    return line


WEIGHTS = np.ones((3, 4), np.int8)
INT16 = Tensor((1, 4), "int16", *SCALE)
ONE = constant([1])
REFUSED: dict[str, tuple[bytes, str]] = {
    "a type without a kernel": (
        model("ARG_MAX", [INT16, constant([1])], Tensor((1,), "int32"), {"outputType": 2}),
        "no kernel bl_arg_max_s16_ref",
    ),
    "one operand of two": (
        model("LOGICAL_AND", [Tensor((1, 4), "bool")], Tensor((1, 4), "bool")),
        "no kernel bl_logical_and",
    ),
    "int8 turned into uint8": (
        model(
            "ADD",
            [INT8, constant([[1, 2, 3, 4]], "int8", scales=(0.5,))],
            Tensor((1, 4), "uint8", *SCALE),
        ),
        "mixes uint8 with int8",
    ),
    "a uint8 filter of an int8 layer": (
        model(
            "FULLY_CONNECTED",
            [INT8, constant(WEIGHTS, "uint8", scales=(0.5,))],
            Tensor((1, 3), "int8", *SCALE),
        ),
        "mixes uint8 with int8",
    ),
    "a uint8 slope of an int8 layer": (
        model("PRELU", [INT8, constant([1, 1, 1, 1], "uint8", scales=(0.5,))], INT8),
        "mixes uint8 with int8",
    ),
    "a filter without a scale": (
        model("FULLY_CONNECTED", [INT8, constant(WEIGHTS, "int8")], Tensor((1, 3), "int8", *SCALE)),
        "the filter has no scale",
    ),
    "a constant of an enormous scale": (
        model("ADD", [INT8, constant([[1, 2, 3, 4]], "int8", scales=(3e38,))], INT8),
        "e+38 is out of all range",
    ),
    "int16 without a scale": (
        model("QUANTIZE", [Tensor((1, 4), "int16")], INT8),
        "its values have no scale",
    ),
    "a number of tensors that are not there": (
        model("PACK", [INT8], Tensor((1, 1, 4), "int8", *SCALE), {"valuesCount": 2, "axis": 1}),
        "its options say another number",
    ),
    "a number of outputs that are not there": (
        model("UNPACK", [Tensor((1, 1, 4), "int8", *SCALE)], INT8, {"num": 0, "axis": 1}),
        "its options say another number",
    ),
    "a mask of axes that are not listed": (
        model(
            "STRIDED_SLICE",
            [INT8, constant([0]), constant([1]), ONE],
            INT8,
            {"newAxisMask": 2},
        ),
        "masks name more axes",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what: str) -> None:
    content, message = REFUSED[what]
    assert message in refusal(content)


def outputs(content: bytes, fed: Any) -> Any:
    return runners.load("host").run(compiler.compile_graph(graph.read(content, "file")), fed)


@pytest.mark.parametrize("zero_point", [-128, 5])
@pytest.mark.parametrize("operator", ["CONV_2D", "DEPTHWISE_CONV_2D"])
def test_the_zero_point_of_an_int8_window_counts_as_0(operator: str, zero_point: int) -> None:
    taps = constant(np.array([[[[3]], [[-7]]]]).reshape(1, 2, 1, 1), "int8", scales=(0.25,))
    options = {"strideH": 1, "strideW": 1, "padding": 1, "depthMultiplier": 1}
    if operator == "CONV_2D":
        del options["depthMultiplier"]
    target = Tensor((1, 1, 2, 1), "int8", *SCALE)
    fed = np.arange(-64, 64, 16, dtype=np.int8).reshape(2, 2, 2, 1)
    as_usual, other = (
        model(operator, [MAP, dataclasses.replace(taps, zero_points=(z,))], target, options)
        for z in (0, zero_point)
    )
    expected = reference.predict(as_usual, fed)
    assert len(np.unique(expected)) > 1
    np.testing.assert_array_equal(outputs(other, fed), expected)


def test_the_axis_of_a_single_scale_means_nothing() -> None:
    target = Tensor((1, 4), "int8", (1 / 128,), (0,))
    fed = np.array([[-128, -1, 1, 127]], np.int8)
    usual, other = (
        model("TANH", [dataclasses.replace(INT8, axis=axis)], target) for axis in (0, 9)
    )
    expected = reference.ask(other, fed)
    assert not expected.instead
    np.testing.assert_array_equal(expected.outputs, reference.predict(usual, fed))
    np.testing.assert_array_equal(outputs(other, fed), expected.outputs)


def test_an_output_whose_reference_has_another_shape() -> None:
    with pytest.raises(BadInput, match="its file says 4 output values, the reference gives 2"):
        predictions.compare(np.zeros((3, 4), np.int8), np.zeros((3, 2), np.int8))


def test_a_type_that_no_array_has() -> None:
    assert graph.Tensor("x", (1, 3), "int4").nbytes == 3
