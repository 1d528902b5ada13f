"""Models on numbers without a scale, such as the pixels of a camera: they give TFLite's values.

.venv/bin/pytest tests/properties/test_plain_numbers.py
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from boardless.core.errors import BadInput
from boardless.data import meaning, pictures
from boardless.model import compiler, graph, ports
from one_operator import TYPES, Operator, Tensor, model
from one_operator import graph as network
from properties import runners
from properties.drawing import DrawnCase

RNG = np.random.default_rng(11)
MAP = (1, 4, 6, 3)
PLAIN = ("uint8", "int8", "int16", "int32")
# What boardless's kernels, or TFLite's, do not know.
UNKNOWN = [(name, "int32") for name in ("PAD", "REDUCE_MAX", "REDUCE_MIN")]
UNKNOWN += [("SPACE_TO_DEPTH", "int16")]


def listed(*values: Any) -> Tensor:
    return Tensor(np.array(values).shape, "int32", data=np.array(values))


def scalar(value: int) -> Tensor:
    return Tensor((), "int32", data=np.array(value))


# Other inputs before and after the map, the output's shape, and options.
MOVES: dict[str, tuple[list[Tensor], list[Tensor], tuple[int, ...], dict[str, Any]]] = {
    "RESHAPE": ([], [listed(1, 24, 3)], (1, 24, 3), {}),
    "EXPAND_DIMS": ([], [scalar(1)], (1, 1, 4, 6, 3), {}),
    "SLICE": ([], [listed(0, 1, 2, 0), listed(1, 2, 3, 2)], (1, 2, 3, 2), {}),
    "STRIDED_SLICE": (
        [],
        [listed(0, 3, 0, 0), listed(1, 0, 6, 3), listed(1, -1, 2, 1)],
        (1, 3, 3, 3),
        {},
    ),
    "TRANSPOSE": ([], [listed(0, 3, 1, 2)], (1, 3, 4, 6), {}),
    "TILE": ([], [listed(1, 2, 1, 1)], (1, 8, 6, 3), {}),
    "GATHER": ([], [listed(5, 0, 0)], (1, 4, 3, 3), {"axis": 2}),
    "REVERSE_V2": ([], [listed(2)], MAP, {}),
    "PAD": ([], [listed([0, 0], [1, 0], [0, 2], [0, 0])], (1, 5, 8, 3), {}),
    "MIRROR_PAD": ([], [listed([0, 0], [1, 0], [0, 2], [0, 0])], (1, 5, 8, 3), {}),
    "RESIZE_NEAREST_NEIGHBOR": ([], [listed(7, 5)], (1, 7, 5, 3), {}),
    "SPACE_TO_DEPTH": ([], [], (1, 2, 3, 12), {"blockSize": 2}),
    "REDUCE_MAX": ([], [listed(1, 2)], (1, 3), {}),
    "REDUCE_MIN": ([], [listed(1, 2)], (1, 3), {}),
}


def drawn(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Returns 3 inputs as the device gets them: of a uint8 model int8."""
    held = "int8" if dtype == "uint8" else dtype
    ends = np.iinfo(held)
    return RNG.integers(ends.min, ends.max, (3, *shape[1:]), held, endpoint=True)


def cast(before: str, after: str) -> dict[str, int]:
    return {"inDataType": TYPES[before], "outDataType": TYPES[after]}


def moved(operator: str, dtype: str) -> bytes:
    """Returns an operator that moves plain numbers, which another one casts to float32."""
    before, after, shape, options = MOVES[operator]
    tensors = [*before, Tensor(MAP, dtype), *after, Tensor(shape, dtype), Tensor(shape, "float32")]
    last = len(tensors) - 1
    operators = [
        Operator(operator, [*range(last - 1)], [last - 1], options),
        Operator("CAST", [last - 1], [last], cast(dtype, "float32")),
    ]
    return network(tensors, operators, len(before), last)


CASES = [(name, dtype) for name in MOVES for dtype in PLAIN]


@pytest.mark.parametrize(("operator", "dtype"), [case for case in CASES if case not in UNKNOWN])
def test_they_are_moved(operator: str, dtype: str) -> None:
    content = moved(operator, dtype)
    runners.check(DrawnCase(content, drawn(MAP, dtype), f"{operator} {dtype}"), "host")


@runners.machines
@pytest.mark.parametrize("after", ["float32", "int8", "int16", "int32", "bool", "uint8"])
@pytest.mark.parametrize("before", ["float32", "int8", "int16", "int32", "bool", "uint8"])
def test_they_are_cast(before: str, after: str, machine: str) -> None:
    content = model("CAST", [Tensor((1, 40), before)], Tensor((1, 40), after), cast(before, after))
    if before == "float32":
        inputs = np.asarray(RNG.normal(size=(3, 40)) * 200, np.float32)
    elif before == "bool":
        inputs = RNG.integers(0, 2, (3, 40)).astype(bool)
    else:
        inputs = drawn((1, 40), before)
    runners.check(DrawnCase(content, inputs, f"{before} to {after}"), machine)


def pair(operator: str) -> bytes:
    """Returns the greater or the smaller of two pixels, one a constant, as an image again."""
    tensors = [
        Tensor(MAP, "uint8"),
        Tensor((3,), "uint8", data=np.array([10, 130, 200])),
        Tensor(MAP, "uint8"),
        Tensor((1, 8, 6, 3), "uint8"),
    ]
    operators = [
        Operator(operator, [0, 1], [2]),
        Operator("CONCATENATION", [2, 0], [3], {"axis": 1}),
    ]
    return network(tensors, operators, 0, 3)


@pytest.mark.parametrize("operator", ["MAXIMUM", "MINIMUM"])
def test_an_image_comes_out(operator: str) -> None:
    runners.check(DrawnCase(pair(operator), drawn(MAP, "uint8"), operator), "host")


def test_pixels_are_the_numbers_that_the_model_gets() -> None:
    read = graph.read(moved("RESHAPE", "uint8"), "file")
    assert (read.input_tensor.dtype, read.input_tensor.own_dtype) == ("int8", "uint8")
    assert meaning.of(read).name == "0..255"
    pixels = RNG.integers(0, 256, (2, 4, 6, 3)).astype(np.uint8)
    inputs = pictures.as_inputs(pixels, read.input_tensor, meaning.of(read).scaling)
    np.testing.assert_array_equal(inputs.view(np.uint8) ^ 0x80, pixels)
    again = pictures.as_pixels(inputs, read.input_tensor, meaning.of(read).scaling)
    np.testing.assert_array_equal(again, pixels)


def test_several_inputs_of_which_one_is_an_image() -> None:
    tensors = [Tensor((1, 4), "uint8"), Tensor((1, 4), "float32"), Tensor((1, 4), "float32")]
    tensors += [Tensor((1, 4), "float32")]
    operators = [
        Operator("CAST", [0], [2], cast("uint8", "float32")),
        Operator("ADD", [2, 1], [3]),
    ]
    content = network(tensors, operators, [0, 1], 3)
    read = graph.read(content, "file")
    runners.check(DrawnCase(content, ports.noise(read, 4), "two inputs"), "host")


@pytest.mark.parametrize(("dtype", "kind"), [("uint8", "a uint8"), ("int8", "an int8")])
def test_an_operator_that_needs_a_scale_says_so(dtype: str, kind: str) -> None:
    plain = Tensor((1, 4), dtype)
    content = network([plain, plain, plain], [Operator("RELU", [0], [1])], 0, 1)
    with pytest.raises(BadInput, match=f"{kind} activation needs one scale; .* cast its numbers"):
        graph.read(content, "file")


def test_sizes_of_plain_numbers_are_known() -> None:
    """Exporters ask for the shape of a camera's picture, too."""
    tensors = [
        Tensor((1, 6), "uint8"),
        Tensor((2,), "int32"),
        Tensor((1, 6), "uint8"),
        Tensor((1, 6), "float32"),
    ]
    operators = [
        Operator("SHAPE", [0], [1], {"outType": TYPES["int32"]}),
        Operator("RESHAPE", [0, 1], [2]),
        Operator("CAST", [2], [3], cast("uint8", "float32")),
    ]
    content = network(tensors, operators, 0, 3)
    runners.check(DrawnCase(content, drawn((1, 6), "uint8"), "shape"), "host")
    program = compiler.compile_graph(graph.read(content, "file"))
    assert [layer.op for layer in program.layers] == ["CAST"]
