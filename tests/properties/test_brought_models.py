"""Kinds of models that people bring, each of which was refused once: they give TFLite's values.

.venv/bin/pytest tests/properties/test_brought_models.py
"""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from boardless.core.errors import BadInput
from boardless.model import compiler, graph, reference
from boardless.model.compiler import kernels, quantise, shapes
from boardless.model.graph.dynamic_range import as_float
from one_operator import TYPES, Operator, Tensor, model
from one_operator import graph as network
from one_operator import packed as repacked
from properties import runners
from properties.drawing import DrawnCase

RNG = np.random.default_rng(5)
CONVOLUTION = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1}


MULTIPLIER = {"depthMultiplier": 2}


def int8(*shape: int, count: int = 3) -> np.ndarray:
    """Returns `count` inputs of this shape without its batch."""
    return RNG.integers(-128, 128, (count, *shape[1:])).astype(np.int8)


def filters(*shape: int) -> Tensor:
    data = RNG.integers(-127, 128, shape)
    return Tensor(shape, "int8", (0.01,) * shape[0], (0,), 0, data)


def test_a_dense_layer_over_every_pixel_of_a_map() -> None:
    """Edge Impulse's transfer-learning heads: the rank stays, and a dense layer follows."""
    tensors = [
        Tensor((1, 3, 3, 16), "int8", (0.05,), (-128,)),
        filters(8, 16),
        Tensor((1, 3, 3, 8), "int8", (0.1,), (-40,)),
        Tensor((1, 72), "int8", (0.1,), (-40,)),
        filters(3, 72),
        Tensor((1, 3), "int8", (0.2,), (5,)),
    ]
    operators = [
        Operator("FULLY_CONNECTED", [0, 1], [2], {"keepNumDims": True}),
        Operator("RESHAPE", [2], [3], {"newShape": [1, 72]}),
        Operator("FULLY_CONNECTED", [3, 4], [5]),
    ]
    case = DrawnCase(network(tensors, operators, 0, 5), int8(1, 3, 3, 16), "dense over a map")
    runners.check(case, "host")
    program = compiler.compile_graph(graph.read(case.content, "file"))
    assert program.nominal_macs == program.macs == 9 * 16 * 8 + 72 * 3


@pytest.mark.parametrize("count", [1, 2, 5])
def test_weights_of_float16_are_no_activations(count: int) -> None:
    """Any number of filters: their first axis is no batch."""
    weights = RNG.normal(size=(count, 1, 1, 3)).astype(np.float16)
    tensors = [
        Tensor((1, 4, 4, 3), "float32"),
        Tensor((count, 1, 1, 3), "float16", data=weights),
        Tensor((count, 1, 1, 3), "float32"),
        Tensor((count,), "float16", data=np.arange(count)),
        Tensor((count,), "float32"),
        Tensor((1, 4, 4, count), "float32"),
    ]
    operators = [
        Operator("DEQUANTIZE", [1], [2]),
        Operator("DEQUANTIZE", [3], [4]),
        Operator("CONV_2D", [0, 2, 4], [5], CONVOLUTION),
    ]
    inputs = RNG.normal(size=(3, 4, 4, 3)).astype(np.float32)
    runners.check(DrawnCase(network(tensors, operators, 0, 5), inputs, f"{count} filters"), "host")


@runners.machines
@pytest.mark.parametrize("per_channel", [False, True])
def test_weights_of_a_dynamic_range_model_are_dequantised(per_channel: bool, machine: str) -> None:
    """The weights are int8 and the activations float32: both sides compute in float32."""
    scales = (0.01, 0.02, 0.005) if per_channel else (0.01,)
    tensors = [
        Tensor((1, 4, 4, 2), "float32"),
        Tensor((3, 2, 2, 2), "int8", scales, (0,), 0, RNG.integers(-127, 128, (3, 2, 2, 2))),
        Tensor((3,), "float32", data=np.arange(3)),
        Tensor((1, 4, 4, 3), "float32"),
        Tensor((1, 48), "float32"),
        Tensor((3, 48), "int8", scales, (0,), 0, RNG.integers(-127, 128, (3, 48))),
        Tensor((1, 3), "float32"),
    ]
    operators = [
        Operator("CONV_2D", [0, 1, 2], [3], CONVOLUTION),
        Operator("RESHAPE", [3], [4], {"newShape": [1, 48]}),
        Operator("FULLY_CONNECTED", [4, 5, 2], [6], {"asymmetricQuantizeInputs": True}),
    ]
    content = network(tensors, operators, 0, 6)
    inputs = RNG.normal(size=(3, 4, 4, 2)).astype(np.float32)
    runners.check(DrawnCase(content, inputs, "dynamic range"), machine)
    read = graph.read(content, "file")
    assert read.float_weights == ((0, 1), (2, 1))
    hybrid, plain = (reference.predict(c, inputs) for c in (content, as_float(content, read)))
    assert 0 < np.abs(hybrid - plain).max() < 0.05 * np.abs(plain).max()


def packed(values: np.ndarray) -> np.ndarray:
    """Returns numbers of 4 bits as TFLite keeps them, two in a byte, the first one low."""
    flat = np.zeros(values.size + values.size % 2, np.int64)
    flat[: values.size] = values.reshape(-1) & 15
    return np.asarray(flat[::2] | flat[1::2] << 4, np.uint8)


@pytest.mark.parametrize("channels", [3, 4])
def test_weights_of_4_bits(channels: int) -> None:
    weights = RNG.integers(-7, 8, (channels, 9))
    source, output = Tensor((1, 9), "int8", (0.05,), (3,)), Tensor((1, channels), "int8", (0.1,))
    wide = Tensor(weights.shape, "int8", (0.1,), (0,), 0, weights)
    content = model("FULLY_CONNECTED", [source, wide], output, {})
    found = schema.ModelT.InitFromPackedBuf(content, 0)
    tensor = found.subgraphs[0].tensors[1]
    tensor.type = schema.TensorType.INT4
    found.buffers[tensor.buffer].data = packed(weights)
    narrow = repacked(found)
    runners.check(DrawnCase(narrow, int8(1, 9), "int4"), "host")
    written = [compiler.emit(compiler.compile_graph(graph.read(c, "f"))) for c in (content, narrow)]
    assert written[0] == written[1]


def sizes(*values: int) -> Tensor:
    return Tensor((len(values),), "int32", data=np.array(values))


def number(value: int) -> Tensor:
    return Tensor((), "int32", data=np.array(value))


def open_batch(first: int = -1) -> bytes:
    """Returns a dense layer over every pixel as Keras 3 exports it without a batch size: the sizes
    are computed, and the shapes that the file states are not those of one picture."""
    lists = [Tensor((n,), "int32") for n in (4, 3, 3, 2)]
    tensors = [
        Tensor((1, 3, 3, 16), "int8", (0.05,), (-128,), signature=(first, 3, 3, 16)),
        filters(8, 16),
        *lists,  # 2: shape, 3: of a list of pixels, 4: its shape, 5: of one row per pixel
        *(Tensor((), "int32") for _ in range(3)),  # 6: batch, 7 and 8: products
        Tensor((2,), "int32"),  # 9: batch and pixels
        sizes(0),
        sizes(1),
        number(9),
        number(16),
        sizes(0, 1),
        number(2),
        Tensor((1, 9, 16), "int8", (0.05,), (-128,)),  # 16
        Tensor((1, 1), "int8", (0.05,), (-128,)),
        Tensor((1, 8), "int8", (0.1,), (-40,)),
        Tensor((1, 9, 8), "int8", (0.1,), (-40,)),
        sizes(-1, 72),  # 20
        Tensor((1, 72), "int8", (0.1,), (-40,)),
        filters(3, 72),
        Tensor((1, 3), "int8", (0.2,), (5,)),
    ]
    first_only = {"shrinkAxisMask": 1}
    operators = [
        Operator("SHAPE", [0], [2], {"outType": 2}),
        Operator("STRIDED_SLICE", [2, 10, 11, 11], [6], first_only),
        Operator("PACK", [6, 12, 13], [3], {"valuesCount": 3}),
        Operator("RESHAPE", [0, 3], [16]),
        Operator("SHAPE", [16], [4], {"outType": 2}),
        Operator("GATHER", [4, 14], [9]),
        Operator("REDUCE_PROD", [9, 10], [7]),
        Operator("GATHER", [4, 15], [8]),
        Operator("PACK", [7, 8], [5], {"valuesCount": 2}),
        Operator("RESHAPE", [16, 5], [17]),
        Operator("FULLY_CONNECTED", [17, 1], [18]),
        Operator("RESHAPE", [18, 20], [21]),
        Operator("FULLY_CONNECTED", [21, 22], [23]),
    ]
    return network(tensors, operators, 0, 23)


def test_an_open_batch_size_is_taken_as_1() -> None:
    content = open_batch()
    runners.check(DrawnCase(content, int8(1, 3, 3, 16), "open batch"), "host")
    found = shapes.settled(graph.read(content, "file"))
    names = [op.name for op in found.operators]
    dense = "FULLY_CONNECTED"
    assert names == ["RESHAPE", "RESHAPE", dense, "RESHAPE", dense]  # no sizes any more
    assert found.tensors[18].shape == (9, 8)


def test_an_input_of_any_size_is_refused() -> None:
    source = Tensor((1, 1, 1, 3), "float32", signature=(-1, -1, -1, 3))
    content = model("RELU", [source], Tensor((1, 1, 1, 3), "float32"))
    with pytest.raises(BadInput, match=r"shape is \?x\?x\?x3: more than the batch size is open"):
        graph.read(content, "file")


RELU6 = {"fusedActivationFunction": 3}
TALL = {"strideH": 2, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 2} | RELU6
WIDE = {"strideH": 1, "strideW": 3, "dilationHFactor": 2, "dilationWFactor": 1} | RELU6
LAYERS = {
    "CONV_2D": ((1, 7, 6, 3), (4, 3, 2, 3), (1, 4, 6, 4), TALL),
    "DEPTHWISE_CONV_2D": ((1, 6, 7, 3), (1, 2, 3, 6), (1, 6, 3, 6), WIDE | MULTIPLIER),
    "FULLY_CONNECTED": ((1, 2, 2, 9), (5, 36), (1, 5), RELU6),
    "FULLY_CONNECTED of rows": ((1, 3, 9), (5, 9), (3, 5), {}),
    "FULLY_CONNECTED without a bias": ((1, 9), (5, 9), (1, 5), {}),
}


@runners.machines
@pytest.mark.parametrize("zero_point", [0, 90, 173, 255])
@pytest.mark.parametrize("layer", LAYERS)
def test_uint8_weights_of_any_zero_point(layer: str, zero_point: int, machine: str) -> None:
    """TensorFlow 1 made them: around the zero point they may reach further than int8 can."""
    shape, weights, result, options = LAYERS[layer]
    channels = result[-1]
    tensors = [
        Tensor(shape, "uint8", (0.05,), (120,)),
        Tensor(weights, "uint8", (0.01,), (zero_point,), 0, RNG.integers(0, 256, weights)),
        Tensor((channels,), "int32", (0.0005,), (0,), 0, RNG.integers(-3000, 3000, channels)),
    ]
    if "without" in layer:
        tensors.pop()
    output = Tensor(result, "uint8", (0.2,), (100,))
    content = model(layer.split()[0], tensors, output, options)
    runners.check(DrawnCase(content, int8(*shape), f"{layer} {zero_point}"), machine)


def test_softmax_names_the_scale_that_is_too_small() -> None:
    source, output = ((1, 8), "int8", (1e-9,), (0,)), ((1, 8), "int8", (1 / 256,), (-128,))
    content = model("SOFTMAX", [Tensor(*source)], Tensor(*output), {"beta": 1.0})
    with pytest.raises(BadInput, match=r"beta 1 times the input's scale 1e-09 is below 7.5e-09"):
        compiler.compile_graph(graph.read(content, "file"))


@pytest.mark.parametrize("shape", [(), (1,), (7,), (1, 7), (1, 2, 3, 4, 5), (1, 2, 1, 3, 2, 2)])
@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_an_input_of_any_rank(dtype: str, shape: tuple[int, ...]) -> None:
    """A list without a batch is one picture; of more axes the first is the batch."""
    scaled = dtype == "int8"
    source = Tensor(shape, dtype, (0.1,) if scaled else (), (3,))
    output = Tensor(shape, dtype, (1 / 256,) if scaled else (), (-128,))
    picture = shape[1:] if len(shape) > 1 or shape == (1,) else shape or (1,)
    inputs = np.asarray(RNG.integers(-128, 128, (3, *picture)), dtype)
    content = model("LOGISTIC", [source], output, {})
    runners.check(DrawnCase(content, inputs, f"{dtype} {shape}"), "host")
    found = graph.read(content, "file").input_tensor
    assert found.shape == (1, *picture)


@pytest.mark.parametrize(("dtype", "single"), [("uint8", True), ("int8", False)])
def test_scales_of_a_uint8_window_are_multiplied_in_single_precision(
    dtype: str, single: bool
) -> None:
    """mobilenet_v1_0.25_224_quant differed in 4 of 100,352 values of a layer without that."""
    a, b, zero_point = 0.023528477177023888, 0.018215607851743698, 128 if single else 0
    a, b = float(np.float32(a)), float(np.float32(b))
    source = Tensor((1, 2, 2, 1), dtype, (a,), (zero_point,))
    weights = Tensor((1, 1, 1, 1), dtype, (b,), (zero_point,), 0, np.full((1, 1, 1, 1), 9))
    output = Tensor((1, 2, 2, 1), dtype, (0.5,), (zero_point,))
    content = model("CONV_2D", [source, weights], output, CONVOLUTION)
    read = graph.read(content, "file")
    multipliers, _ = kernels.Context(read, read.operators[0]).requantisation(
        read.tensors[read.operators[0].inputs[1]], 1, any_zero_point=True
    )
    product = float(np.float32(a) * np.float32(b)) if single else a * b
    assert float(np.float32(a) * np.float32(b)) != a * b
    assert multipliers.data is not None
    assert multipliers.data[0] == quantise.multiplier_and_shift(product / 0.5)[0]


@runners.machines
def test_a_uint8_map_is_resized_as_tflite_does(machine: str) -> None:
    """TFLite computes in single precision; thirds of a pixel give sums near halves."""
    rules = [{}, {"alignCorners": True}, {"halfPixelCenters": True}]
    sizes = [(4, 4), (5, 7), (12, 9), (3, 20), (6, 6), (13, 1)]
    for number, (height, width) in enumerate(sizes):
        shape = (1, 3, 4, 5)
        tensors = [Tensor(shape, "uint8", (0.05,), (120,))]
        tensors.append(Tensor((2,), "int32", data=np.array([height, width])))
        output = Tensor((1, height, width, 5), "uint8", (0.05,), (120,))
        content = model("RESIZE_BILINEAR", tensors, output, rules[number % 3])
        runners.check(DrawnCase(content, int8(*shape, count=8), f"{height}x{width}"), machine)


@runners.machines
@pytest.mark.parametrize("zero_point", [128, 131])
def test_a_uint8_map_is_convolved_the_other_way(zero_point: int, machine: str) -> None:
    data = RNG.integers(20, 236, (3, 3, 3, 4))
    tensors = [
        Tensor((4,), "int32", data=np.array([1, 8, 8, 3])),
        Tensor((3, 3, 3, 4), "uint8", (0.01,), (zero_point,), 0, data),
        Tensor((1, 4, 4, 4), "uint8", (0.05,), (120,)),
        Tensor((3,), "int32", (0.0005,), (0,), 0, RNG.integers(-3000, 3000, 3)),
    ]
    output = Tensor((1, 8, 8, 3), "uint8", (0.2,), (100,))
    options = {"strideH": 2, "strideW": 2, "padding": 0}
    content = model("TRANSPOSE_CONV", tensors, output, options, source=2)
    runners.check(DrawnCase(content, int8(1, 4, 4, 4), f"{zero_point}"), machine)


@pytest.mark.parametrize(("before", "after"), [("int8", "float32"), ("float32", "int8")])
def test_numbers_without_a_scale_are_cast(before: str, after: str) -> None:
    options = {"inDataType": TYPES[before], "outDataType": TYPES[after]}
    content = model("CAST", [Tensor((1, 9), before)], Tensor((1, 9), after), options)
    inputs = int8(1, 9).astype(before)
    runners.check(DrawnCase(content, inputs, f"{before} to {after}"), "host")
    other = model("RELU", [Tensor((1, 9), "int8")], Tensor((1, 9), "int8"))
    with pytest.raises(BadInput, match="an int8 activation needs one scale"):
        graph.read(other, "file")
