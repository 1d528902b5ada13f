"""Bugs that other projects have had, and those that these properties found here, each by its name.

The numbers are those of the projects' issue trackers. All of them are edge cases that the
strategies reach too; here they run every time.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from boardless.core.errors import BadInput
from boardless.model import compiler, graph
from one_operator import Tensor, model
from properties import chains, drawing, runners
from properties.drawing import DrawnCase, Window
from properties.steps import Step, chain


def scaled_weights(
    shape: tuple[int, ...], axis: int, source: Tensor, output: Tensor
) -> list[Tensor]:
    """Random filter and bias whose outputs fill int8, one scale per channel."""
    rng = np.random.default_rng(7)
    channels = shape[axis]
    taps = math.prod(shape) // channels
    data = rng.integers(-127, 128, shape)
    factor = output.scales[0] / source.scales[0]
    scales = tuple(
        float(np.float32(factor / (60 * math.sqrt(taps) * (1 + 0.1 * o)))) for o in range(channels)
    )
    bias = rng.integers(-2000, 2000, channels)
    bias_scales = tuple(float(np.float32(source.scales[0] * s)) for s in scales)
    return [
        Tensor(shape, "int8", scales, (0,), axis, data),
        Tensor((channels,), "int32", bias_scales, (0,), 0, bias),
    ]


def source_and_output(window: Window, channels: int, count: int) -> tuple[Tensor, Tensor]:
    return (
        Tensor((1, window.input_h, window.input_w, channels), "int8", (0.05,), (-7,)),
        Tensor((1, window.output_h, window.output_w, count), "int8", (0.04,), (5,)),
    )


def step(window: Window, channels: int, depthwise: bool) -> tuple[Tensor, Step]:
    """An int8 convolution with this window, and its input."""
    count = channels if depthwise else 5
    source, output = source_and_output(window, channels, count)
    first = 1 if depthwise else count
    last = count if depthwise else channels
    shape = (first, window.filter_h, window.filter_w, last)
    weights = scaled_weights(shape, 3 if depthwise else 0, source, output)
    options: dict[str, Any] = window.options | window.dilations
    options |= {"depthMultiplier": 1} if depthwise else {}
    operator = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
    return source, Step(operator, weights, output, options)


def pictures(source: Tensor) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(3)
    return rng.integers(-128, 128, (2, *source.shape[1:])).astype(np.int8)


kinds = pytest.mark.parametrize("depthwise", [False, True], ids=["conv", "depthwise"])


@runners.machines
@kinds
@pytest.mark.parametrize("channels", [1, 3, 4, 16])
def test_esp_nn_31_asymmetric_same(machine: str, depthwise: bool, channels: int) -> None:
    """3x3, stride 2, SAME on an even map pads at the bottom and right only: values were wrong and
    memory behind the input was read."""
    for h, w in itertools.product([2, 6, 10], [4, 8]):
        window = Window(h, w, 3, 3, 2, 2, 1, 1, same=True)
        source, made = step(window, channels, depthwise)
        case = DrawnCase(chain(source, [made]), pictures(source), str(window))
        runners.check(case, machine)


@runners.machines
@kinds
@pytest.mark.parametrize("stride", [2, 3, 4])
@pytest.mark.parametrize("padding", [1, 2, 3, 5])
def test_cmsis_nn_233_padding_that_is_no_multiple_of_the_stride(
    machine: str, depthwise: bool, stride: int, padding: int
) -> None:
    """The first window then starts in the padding and ends between two strides."""
    size, filter_size = 7, 5
    window = Window(
        *(size + 2 * padding, size + 2 * padding, filter_size, filter_size),
        *(stride, stride, 1, 1),
        same=False,
    )
    _, made = step(window, 3, depthwise)
    source = Tensor((1, size, size, 3), "int8", (0.05,), (-7,))
    padded = chains.pad(source, padding, padding, padding, padding)
    content = chain(source, [padded, made])
    runners.check(DrawnCase(content, pictures(source), str(window)), machine)


@runners.machines
@kinds
@pytest.mark.parametrize("same", [False, True], ids=["valid", "same"])
def test_tflite_micro_1094_odd_against_even_sizes(
    machine: str, depthwise: bool, same: bool
) -> None:
    """Stride 2 over every pair of odd and even sizes of map and filter."""
    for size, filter_size in itertools.product([5, 6, 7, 8], [2, 3, 4, 5]):
        window = Window(size, size + 1, filter_size, filter_size, 2, 2, 1, 1, same)
        source, made = step(window, 4, depthwise)
        case = DrawnCase(chain(source, [made]), pictures(source), str(window))
        runners.check(case, machine)


@runners.machines
@pytest.mark.parametrize("exponent", [-40, -32, -31, -30, -8, 0, 8, 22])
def test_tvm_10817_scales_at_both_ends(machine: str, exponent: int) -> None:
    """A product of scales that is tiny or large: the multiplier becomes 0, or shifts left."""
    source = Tensor((1, 1, 1, 1), "int8", (0.5,), (-128,))
    output = Tensor((1, 1, 1, 3), "int8", (0.25,), (3,))
    data = np.array([1, -1, 0]).reshape(3, 1, 1, 1)
    scales = tuple(math.ldexp(1.0 - 2.0**-k, exponent - 1) for k in (2, 8, 24))
    bias_scales = tuple(s / 2 for s in scales)
    weights = [
        Tensor((3, 1, 1, 1), "int8", scales, (0,), 0, data),
        Tensor((3,), "int32", bias_scales, (0,), 0, np.array([0, 0, 255])),
    ]
    inputs = np.array([-128, -127, 0, 127], np.int8).reshape(4, 1, 1, 1)
    options = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1, "padding": 1}
    case = DrawnCase(model("CONV_2D", [source, *weights], output, options), inputs, "scales")
    runners.check(case, machine)


@pytest.mark.parametrize(
    ("operator", "shape", "options"),
    [
        ("MAX_POOL_2D", (2, 4, 4, 3), {"strideH": 1, "strideW": 1, "filterHeight": 1}),
        ("SOFTMAX", (2, 10), {"beta": 1.0}),
    ],
)
def test_cmsis_5_917_a_batch_is_refused(
    operator: str, shape: tuple[int, ...], options: dict[str, Any]
) -> None:
    """More than one picture at a time went wrong silently there; here it is refused clearly."""
    options |= {"filterWidth": 1, "padding": 1} if "filterHeight" in options else {}
    output = Tensor(shape, "int8", (1 / 256,), (-128,))
    content = model(operator, [Tensor(shape, "int8", (1 / 256,), (-128,))], output, options)
    with pytest.raises(
        BadInput, match=r"batch size 2; boardless runs one picture|more than one row"
    ):
        compiler.compile_graph(graph.read(content, "batch"))


def test_cmsis_5_917_a_batch_of_rows_is_refused() -> None:
    source = Tensor((2, 8), "int8", (0.5,), (0,))
    weights = Tensor((3, 8), "int8", (0.5,), (0,), 0, np.ones((3, 8)))
    output = Tensor((2, 3), "int8", (0.5,), (0,))
    content = model("FULLY_CONNECTED", [source, weights], output, {})
    with pytest.raises(BadInput, match="boardless runs one picture at a time"):
        compiler.compile_graph(graph.read(content, "batch"))


# ---- found by the properties of this project ----


@runners.machines
def test_fully_connected_rounds_ties_away_from_zero(machine: str) -> None:
    """-127 * 128 * 2^-8 = -63.5 gave -63, TFLite gives -64."""
    source = Tensor((1, 1), "int8", (0.5,), (0,))
    filter_tensor = Tensor((1, 1), "int8", (2.0**-8,), (0,), 0, np.array([[127]]))
    output = Tensor((1, 1), "int8", (0.5,), (0,))
    inputs = np.array([[-128], [-64], [64], [127]], np.int8)
    options = {"fusedActivationFunction": 0}
    tensors = [source, filter_tensor]
    runners.check(
        drawing.layer("FULLY_CONNECTED", tensors, output, options, inputs, "ties"), machine
    )


@runners.machines
@pytest.mark.parametrize("count", [512, 1000, 4095])
def test_softmax_of_many_equal_classes(machine: str, count: int) -> None:
    """Once, with 512 equal classes or more, the last shift was by more than 31 bits, which C does
    not define (and TFLite's reference aborts). Each probability is below 1/512, so all outputs are
    the least."""
    row = Tensor((1, count), "int8", (0.1,), (0,))
    output = Tensor((1, count), "int8", (1 / 256,), (-128,))
    content = model("SOFTMAX", [row], output, {"beta": 1.0})
    program = compiler.compile_graph(graph.read(content, "softmax"))
    got = runners.load(machine).run(program, np.zeros((1, count), np.int8))
    assert (got == -128).all()
    one = np.full((1, count), -128, np.int8)
    one[0, 5] = 127
    assert runners.load(machine).run(program, one)[0, 5] == 127


def test_softmax_of_more_classes_than_its_sum_holds_is_refused() -> None:
    row = Tensor((1, 4096), "int8", (0.1,), (0,))
    output = Tensor((1, 4096), "int8", (1 / 256,), (-128,))
    content = model("SOFTMAX", [row], output, {"beta": 1.0})
    with pytest.raises(BadInput, match="4096 classes; an int8 softmax sums up at most 4095"):
        compiler.compile_graph(graph.read(content, "softmax"))


@runners.machines
@pytest.mark.parametrize("end", [-(1 << 31), (1 << 31) - 1])
@pytest.mark.parametrize("operator", ["CONV_2D", "DEPTHWISE_CONV_2D"])
def test_sums_that_leave_32_bits_wrap(machine: str, operator: str, end: int) -> None:
    """Signed overflow, which C does not define; TFLite's sums wrap."""
    source = Tensor((1, 4, 4, 2), "int8", (0.5,), (3,))
    output = Tensor((1, 4, 4, 2), "int8", (0.5,), (-7,))
    shape = (2, 1, 1, 2) if operator == "CONV_2D" else (1, 1, 1, 2)
    data = np.array([100, -100] * (2 if operator == "CONV_2D" else 1)).reshape(shape)
    axis = 0 if operator == "CONV_2D" else 3
    weights = [
        Tensor(shape, "int8", (2.0**-24, 2.0**-25), (0,), axis, data),
        Tensor((2,), "int32", (2.0**-25, 2.0**-26), (0,), 0, np.array([end, end])),
    ]
    options = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1, "padding": 1}
    options |= {} if operator == "CONV_2D" else {"depthMultiplier": 1}
    case = DrawnCase(
        model(operator, [source, *weights], output, options), pictures(source), "wraps"
    )
    runners.check(case, machine)
