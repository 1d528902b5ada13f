"""Networks with branches, constants to be computed, old uint8 networks, and what is refused,
against TFLite's reference kernels: int8 to the last bit, float32 within 1e-5 of the largest output.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import one_operator
import pytest
from ai_edge_litert import schema_py_generated as schema
from boardless.core.errors import BadInput
from boardless.model import compiler, graph, reference
from host_kernels import HostModel
from one_operator import Operator, Tensor, model

PICTURES = 4


class Draw:
    """Random choices for one case; the seed is in the failure's message, so it repeats."""

    def __init__(self, seed: str, dtype: str) -> None:
        self.rng = random.Random(seed)
        self.np = np.random.default_rng(self.rng.randrange(1 << 32))
        self.dtype = dtype

    def size(self, low: int, high: int) -> int:
        return self.rng.randint(low, high)

    def scale(self, low: float = -2.5, high: float = -0.5) -> float:
        return float(np.float32(10 ** self.rng.uniform(low, high)))

    def tensor(self, shape: tuple[int, ...], scale: float | None = None) -> Tensor:
        if self.dtype == "float32":
            return Tensor(shape, "float32")
        low, high = (0, 255) if self.dtype == "uint8" else (-128, 127)
        zero_point = self.rng.choice([low, high, (low + high + 1) // 2, self.size(low, high)])
        return Tensor(shape, self.dtype, (scale or self.scale(),), (zero_point,))

    def like(self, t: Tensor, shape: tuple[int, ...]) -> Tensor:
        return Tensor(shape, t.dtype, t.scales, t.zero_points)

    def values(self, shape: tuple[int, ...]) -> npt.NDArray[Any]:
        """Extremes are as frequent as everything between."""
        if self.dtype == "float32":
            return self.np.normal(scale=4, size=shape).astype(np.float32)
        spread = self.np.integers(-128, 128, shape)
        extremes = self.np.choice([-128, -127, -1, 0, 1, 126, 127], shape)
        chosen = np.where(self.np.random(shape) < 0.5, spread, extremes)
        return chosen.astype(np.int8)

    def inputs(self, shape: tuple[int, ...]) -> npt.NDArray[Any]:
        return self.values((PICTURES, *shape[1:]))


def integers(values: Any) -> Tensor:
    data = np.array(values)
    return Tensor(data.shape, "int32", data=data)


def filters(draw: Draw, shape: tuple[int, ...], axis: int) -> Tensor:
    if draw.dtype == "float32":
        return Tensor(shape, "float32", data=draw.np.normal(size=shape))
    if draw.dtype == "uint8":
        data = draw.np.integers(10, 250, shape)
        return Tensor(shape, "uint8", (draw.scale(),), (draw.size(123, 137),), data=data)
    scales = tuple(draw.scale() for _ in range(draw.rng.choice([1, shape[axis]])))
    return Tensor(shape, "int8", scales, (0,), axis, draw.np.integers(-127, 128, shape))


def check(content: bytes, inputs: npt.NDArray[Any], folder: Path, what: str = "") -> None:
    read = graph.read(content, "case")
    programs = [compiler.compile_graph(read)]
    expected = reference.predict(content, inputs)
    fast = compiler.compile_graph(read, variants=("dsp", "fpu"))
    if any(layer.call.function.endswith(("_dsp", "_fpu")) for layer in fast.layers):
        programs.append(fast)
    got, *others = (model.run(inputs) for model in HostModel.several(programs, folder))
    for other in others:
        np.testing.assert_array_equal(other, got, err_msg=what)
    assert got.dtype == expected.dtype
    if got.dtype == np.int8:
        np.testing.assert_array_equal(got, expected, err_msg=what)
    else:
        limit = 1e-5 * max(1.0, float(np.abs(expected).max()))
        np.testing.assert_allclose(got, expected, rtol=0, atol=limit, err_msg=what)


def program(tensors: list[Tensor], operators: list[Operator], target: int) -> compiler.Program:
    content = one_operator.graph(tensors, operators, 0, target)
    return compiler.compile_graph(graph.read(content, "case"))


def test_squeeze_and_excitation(tmp_path: Path) -> None:
    """MEAN, two dense layers, and one factor per channel on the map they came from."""
    draw = Draw("se", "int8")
    x, narrow = (1, 5, 6, 8), (1, 1, 1, 8)
    factor = Tensor(narrow, "int8", (1 / 256,), (-128,))
    weights, offsets = filters(draw, (8, 8), 0), Tensor((8,), "int32", data=np.arange(8))
    tensors = [draw.tensor(x), integers([1, 2]), draw.tensor(narrow), weights, offsets]
    tensors += [draw.tensor((1, 8)), draw.tensor(narrow), factor, draw.tensor(x, 0.002)]
    operators = [
        Operator("MEAN", [0, 1], [2], {"keepDims": True}),
        Operator("FULLY_CONNECTED", [2, 3, 4], [5], {"fusedActivationFunction": 1}),
        Operator("RESHAPE", [5], [6], {"newShape": list(narrow)}),
        Operator("LOGISTIC", [6], [7]),
        Operator("MUL", [0, 7], [8]),
    ]
    tensors[6].scales, tensors[6].zero_points = tensors[5].scales, tensors[5].zero_points
    check(one_operator.graph(tensors, operators, 0, 8), draw.inputs(x), tmp_path)


def test_constants_are_computed_at_compile_time(tmp_path: Path) -> None:
    """Weights kept as float16, or as int8 per channel, behind a DEQUANTIZE."""
    draw = Draw("folded", "float32")
    half = Tensor((4, 9), "float16", data=draw.np.normal(size=(4, 9)))
    steps = Tensor((4, 9), "int8", (0.5, 0.25, 1, 2), (0,), 0, draw.np.integers(-9, 9, (4, 9)))
    for stored in (half, steps):
        tensors = [Tensor((1, 9), "float32"), stored, Tensor((4, 9), "float32")]
        tensors.append(Tensor((1, 4), "float32"))
        operators = [Operator("DEQUANTIZE", [1], [2]), Operator("FULLY_CONNECTED", [0, 2], [3])]
        content = one_operator.graph(tensors, operators, 0, 3)
        check(content, draw.inputs((1, 9)), tmp_path)
        assert [layer.op for layer in program(tensors, operators, 3).layers] == ["FULLY_CONNECTED"]


def test_values_that_are_known_before_anything_runs(tmp_path: Path) -> None:
    """One value in the shape of another tensor, zeros, and a table that is cut and turned."""
    tensors: list[Tensor] = []
    operators: list[Operator] = []

    def add(tensor: Tensor) -> int:
        tensors.append(tensor)
        return len(tensors) - 1

    def apply(name: str, inputs: list[int], shape: tuple[int, ...], **options: Any) -> int:
        dtype = "int32" if name == "SHAPE" else "float32"
        operators.append(Operator(name, inputs, [add(Tensor(shape, dtype))], options))
        return len(tensors) - 1

    x = add(Tensor((1, 2, 3), "float32"))
    half = add(Tensor((), "float32", data=0.5))
    shape = apply("SHAPE", [x], (3,), outType=schema.TensorType.INT32)
    total = apply("ADD", [x, apply("FILL", [shape, half], (1, 2, 3))], (1, 2, 3))
    zeros = apply("ZEROS_LIKE", [x], (1, 2, 3))
    table = add(Tensor((4, 3), "float32", data=np.arange(12).reshape(4, 3)))
    bounds = [add(integers(values)) for values in ([1, 0], [3, 3], [1, 2])]
    part = apply("STRIDED_SLICE", [table, *bounds], (2, 2))
    turned = apply("TRANSPOSE", [part, add(integers([1, 0]))], (2, 2))
    taken = apply("GATHER", [turned, add(integers([1, 1, 0]))], (2, 3), axis=1)
    packed = apply("PACK", [taken], (1, 2, 3), valuesCount=1, axis=0)
    output = apply("CONCATENATION", [total, packed, zeros], (1, 2, 9), axis=2)
    content = one_operator.graph(tensors, operators, x, output)
    check(content, np.arange(12, dtype=np.float32).reshape(2, 2, 3), tmp_path)
    layers = program(tensors, operators, output).layers
    assert [layer.op for layer in layers] == ["ADD", "CONCATENATION"]


def test_shared_weights_are_stored_once(tmp_path: Path) -> None:
    draw = Draw("shared", "float32")
    weights = Tensor((16, 16), "float32", data=draw.np.normal(size=(16, 16)))
    tensors = [Tensor((1, 16), "float32"), weights, *(Tensor((1, 16), "float32") for _ in "ab")]
    operators = [Operator("FULLY_CONNECTED", [i, 1], [o]) for i, o in ((0, 2), (2, 3))]
    check(one_operator.graph(tensors, operators, 0, 3), draw.inputs((1, 16)), tmp_path)
    assert len(compiler.emit(program(tensors, operators, 3))["weights.bin"]) == 16 * 16 * 4


def test_the_output_is_the_input(tmp_path: Path) -> None:
    """Nothing but RESHAPE: no layer at all."""
    flat, target = Tensor((1, 6), "float32"), Tensor((1, 2, 3), "float32")
    content = model("RESHAPE", [flat], target, {"newShape": [1, 2, 3]})
    check(content, np.arange(6, dtype=np.float32).reshape(1, 6), tmp_path)


def test_a_computed_list_of_sizes_is_not_needed() -> None:
    """Exporters compute RESHAPE's sizes where the batch was open; the output's shape says it."""
    tensors = [Tensor((1, 2, 3), "float32"), Tensor((3,), "int32"), Tensor((1, 6), "float32")]
    operators = [Operator("SHAPE", [0], [1]), Operator("RESHAPE", [0, 1], [2])]
    assert program(tensors, operators, 2).layers == ()


def test_old_uint8_network(tmp_path: Path) -> None:
    draw = Draw("old", "uint8")
    x, y = draw.tensor((1, 7, 7, 3)), draw.tensor((1, 5, 5, 4), 0.3)
    weights = filters(draw, (4, 3, 3, 3), 0)
    bias = Tensor((4,), "int32", (x.scales[0] * weights.scales[0],), data=np.arange(4) * 100)
    z, dense = draw.like(y, (1, 1, 1, 4)), filters(draw, (6, 4), 0)
    tensors = [x, weights, bias, y, z, dense, draw.tensor((1, 6), 0.1)]
    tensors.append(Tensor((1, 6), "uint8", (1 / 256,), (0,)))
    conv = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1, "padding": 1}
    whole = {"filterHeight": 5, "filterWidth": 5, "strideH": 5, "strideW": 5, "padding": 1}
    operators = [
        Operator("CONV_2D", [0, 1, 2], [3], {**conv, "fusedActivationFunction": 3}),
        Operator("AVERAGE_POOL_2D", [3], [4], whole),
        Operator("FULLY_CONNECTED", [4, 5], [6]),
        Operator("SOFTMAX", [6], [7], {"beta": 1.0}),
    ]
    check(one_operator.graph(tensors, operators, 0, 7), draw.inputs(x.shape), tmp_path)


POOL = {"filterHeight": 2, "filterWidth": 2, "strideH": 2, "strideW": 2, "padding": 1}


@pytest.mark.parametrize("padding", [0, 1], ids=["SAME", "VALID"])
@pytest.mark.parametrize("zero_point", [0, 3, 128, 255])
def test_old_uint8_averages(padding: int, zero_point: int, tmp_path: Path) -> None:
    """Means of 4 values are often ties, on both sides of 128."""
    x = Tensor((1, 6, 6, 5), "uint8", (0.1,), (zero_point,))
    y = Tensor((1, 3, 3, 5), "uint8", (0.1,), (zero_point,))
    whole = Tensor((1, 1, 1, 5), "uint8", (0.1,), (zero_point,))
    near = {**POOL, "padding": padding}
    far = {"filterHeight": 3, "filterWidth": 2, "strideH": 3, "strideW": 3, "padding": padding}
    operators = [
        Operator("AVERAGE_POOL_2D", [0], [1], near),
        Operator("AVERAGE_POOL_2D", [1], [2], far),
    ]
    inputs = Draw("averages", "uint8").values((64, 6, 6, 5))
    check(one_operator.graph([x, y, whole], operators, 0, 2), inputs, tmp_path)


A = Tensor((1, 4), "int8", (0.1,), (3,))
B = Tensor((1, 4), "int8", (0.2,), (3,))
CONSTANT = Tensor((1, 4), "int8", (0.1,), (3,), data=np.arange(4))
BYTES = Tensor((1, 4), "uint8", (0.1,), (3,))
PIXELS = Tensor((1, 2, 2, 1), "uint8", (0.1,), (3,))
COARSE = Tensor((1, 4), "int8", (1.5,), (3,))
ONE = Tensor((1,), "int8", (0.1,), (3,))
BOOL = Tensor((1, 4), "bool")
CHOICE = Tensor((1, 4), "bool", data=np.array([[0, 1, 0, 1]]))
PLACE = Tensor((1,), "int32")
NAN = Tensor((1,), "float32", data=np.array([np.nan]))
TALL = Tensor((300, 4), "int8", (0.1,), (3,))
REFUSED = {
    "two constants": ("ADD", [A, CONSTANT, CONSTANT], A, {}, [1, 2], "both inputs are constants"),
    "no scale": ("MUL", [A, Tensor((1, 4), "int8", data=np.arange(4))], A, {}, [0, 1], "no scale"),
    "shapes": ("ADD", [A, Tensor((1, 3), "int8", (1,), data=[1, 2, 3])], A, {}, [0, 1], "not give"),
    "tiny output": ("SUB", [A, B], Tensor((1, 4), "int8", (1e-9,)), {}, [0, 0], "too small"),
    "scales": ("CONCATENATION", [A, CONSTANT], B, {"axis": 0}, [0], "differ in scale"),
    "pieces": ("CONCATENATION", [A] * 300, TALL, {"axis": 0}, [0] * 300, "300 inputs"),
    "axis": ("CONCATENATION", [A, CONSTANT], A, {"axis": 5}, [0, 1], "axis 5"),
    "surplus input": ("RELU", [A, A], A, {}, [0, 0], "inputs 0, 1 are activations"),
    "only constants": ("RELU", [A, CONSTANT], A, {}, [1], r"inputs \(none\) are activations"),
    "logistic": ("LOGISTIC", [A], A, {}, [0], "scale 1/256"),
    "reduce axes": ("REDUCE_MAX", [A, integers([7])], A, {}, [0, 1], "axes"),
    "float axes": ("MEAN", [A, NAN], A, {}, [0, 1], "not of integers"),
    "padding": ("PAD", [A, integers([[0, 0], [0, -1]])], A, {}, [0, 1], "do not fit"),
    "quantize": ("QUANTIZE", [A], Tensor((1, 3), "int8", (0.1,)), {}, [0], "turns int8"),
    "dequantize": ("DEQUANTIZE", [A], A, {}, [0], "turns int8"),
    "squeeze": ("SQUEEZE", [A], B, {}, [0], "differ in scale"),
    "uint8 weights": ("FULLY_CONNECTED", [BYTES], BYTES, {}, [0, 0], "weights are computed"),
    "no int8 kernel": ("SQUARE", [A], A, {}, [0], "float32 only"),
    "no int8 power": ("POW", [A, CONSTANT], A, {}, [0, 1], "float32 only"),
    "wrong int8 sums": ("SUM", [A, integers([1])], ONE, {}, [0, 1], "so its sums are wrong"),
    "negative root": ("RSQRT", [A], A, {}, [0], "zero point 3, not -128"),
    "huge power": ("EXP", [B], Tensor((1, 4), "int8", (1e-9,)), {}, [0], "leave 32 bits"),
    "divided by 0": ("DIV", [A, CONSTANT], A, {}, [0, 1], "divides by 0"),
    "far quotient": ("DIV", [A, A], A, {}, [0, 0], "shifted right by as much as"),
    "log softmax": ("LOG_SOFTMAX", [A], A, {}, [0], "scale 1/16 and zero point 127"),
    "norm": ("L2_NORMALIZATION", [A], A, {}, [0], "scale 1/128 and zero point 0"),
    "compared scales": ("LESS", [COARSE, COARSE], BOOL, {}, [0, 0], "does it below 1"),
    "compared types": ("LESS", [A, CONSTANT], A, {}, [0, 1], "turns int8 into int8"),
    "constant choice": ("SELECT", [A, CHOICE, A], A, {}, [1, 0, 0], "condition is a constant"),
    "logic of numbers": ("LOGICAL_AND", [A, CONSTANT], A, {}, [0, 1], "its kernel has bool"),
    "two axes": ("ARG_MAX", [A, integers([0, 1])], PLACE, {}, [0, 1], "2 axes instead of one"),
    "uint8 unknown": ("NEG", [BYTES], BYTES, {}, [0], "operator 0 NEG"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_computed_exactly_is_refused(case: Any) -> None:
    name, inputs, output, options, order, message = case
    operators = [Operator(name, order, [len(inputs)], options)]
    with pytest.raises(BadInput, match=message) as caught:
        program([*inputs, output], operators, len(inputs))
    assert "\n" not in str(caught.value)
