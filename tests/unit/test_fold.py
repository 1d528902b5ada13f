"""fold and fuse against TFLite: the folded graph, written back to a .tflite, says the same."""

from __future__ import annotations

import dataclasses
import random
from typing import Any

import numpy as np
import pytest
import small_nets
from boardless.model import graph as graphs
from boardless.model import reference
from boardless.model.compiler import fold, fuse
from boardless.model.graph import Graph, Quantisation
from small_nets import Net

CASES = 150
SCALE = Quantisation((0.05,), (-11,), 0)  # a zero point that no activation hides
ONE = {"padding": "VALID", "stride_h": 1, "stride_w": 1}
ONE |= {"dilation_h_factor": 1, "dilation_w_factor": 1, "fused_activation_function": "NONE"}


def predict(graph: Graph) -> Any:
    return reference.predict(small_nets.to_tflite(graph), small_nets.pictures(graph))


def shapes(graph: Graph) -> list[int]:
    """Channels of each operator's output."""
    return [graph.tensors[op.outputs[0]].shape[-1] for op in graph.operators]


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_folded_nets_say_the_same(dtype: str) -> None:
    folded = 0
    for seed in range(CASES):
        net = small_nets.draw(seed, dtype, more=True)
        small = fold.channels(net)
        folded += small is not net
        assert fold.macs(small) <= fold.macs(net)
        np.testing.assert_array_equal(predict(small), predict(net), err_msg=f"seed {seed}")
    assert folded > CASES / 2


@pytest.mark.slow
def test_fused_nets_say_the_same() -> None:
    fused = 0
    for seed in range(CASES):
        net = small_nets.draw(seed, "int8", more=True)
        small = fuse.fuse_activations(fuse.drop_identities(net))
        fused += len(small.operators) < len(net.operators)
        np.testing.assert_array_equal(predict(small), predict(net), err_msg=f"seed {seed}")
    assert fused > CASES / 10


@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_nothing_to_fold_gives_the_same_graph(dtype: str) -> None:
    for seed in range(40):
        net = small_nets.draw(seed, dtype, dead=0.0)
        small = fold.channels(net)
        if small is not net:  # a channel may still be saturated by chance
            assert fold.macs(small) < fold.macs(net)
    chain = two_convolutions(zero_rows=0)
    assert fold.channels(chain) is chain
    assert fuse.fuse(chain) is chain


def test_a_folded_graph_is_finished() -> None:
    for seed in range(40):
        small = fold.channels(small_nets.draw(seed, "int8", more=True))
        assert fold.channels(small) is small, f"seed {seed}"


def two_convolutions(
    zero_rows: int,
    bias: Any = 0,
    second: dict[str, Any] | None = None,
    second_bias: int = 100,
    size: int = 3,
) -> Graph:
    """5x5x3 -> 1x1 convolution to 8 channels, the first `zero_rows` of them constant -> `size` x
    `size` convolution to 4."""
    rng = np.random.default_rng(0)
    net = Net("int8", (1, 5, 5, 3), SCALE)

    def weights(shape: tuple[int, ...]) -> Any:
        return (rng.integers(1, 100, shape) * rng.choice([-1, 1], shape)).astype(np.int8)

    first = weights((8, 1, 1, 3))
    first[:zero_rows] = 0
    scales = Quantisation((0.01,) * 8, (0,) * 8, 0)
    biases = np.zeros(8, np.int32) + np.asarray(bias, np.int32)
    net.add(
        "CONV_2D",
        (net.constant(first, scales), net.constant(biases)),
        (1, 5, 5, 8),
        SCALE,
        **ONE,
    )
    options = ONE | (second or {})
    out = 5 if options["padding"] == "SAME" else 5 - size + 1
    inputs = (
        net.constant(weights((4, size, size, 8)), Quantisation((0.001,), (0,), 0)),
        net.constant(np.full(4, second_bias, np.int32)),
    )
    net.add("CONV_2D", inputs, (1, out, out, 4), SCALE, **options)
    return net.graph()


def test_constants_go_into_the_bias() -> None:
    net = two_convolutions(zero_rows=3, bias=500)
    small = fold.channels(net)
    assert shapes(small) == [5, 4]
    before, after = (g.tensors[g.operators[1].inputs[2]].data for g in (net, small))
    assert before is not None
    assert after is not None
    assert (before != after).all()
    np.testing.assert_array_equal(predict(small), predict(net))
    scales = small.tensors[small.operators[0].inputs[1]].quantisation
    assert scales
    assert len(scales.scales) == 5


def test_a_missing_bias_is_made() -> None:
    net = Net("int8", (1, 6), SCALE)
    for outputs, inputs, bias in ((8, 6, True), (4, 8, False)):
        data = np.arange(1, outputs * inputs + 1).reshape(outputs, inputs).astype(np.int8)
        data[:3] *= not bias
        constants = [net.constant(data, Quantisation((0.01,), (0,), 0))]
        constants += [net.constant(np.full(8, 500, np.int32))] if bias else []
        options = {"fused_activation_function": "NONE"}
        net.add("FULLY_CONNECTED", tuple(constants), (1, outputs), SCALE, **options)
    small = fold.channels(net.graph())
    assert shapes(small) == [5, 4]
    assert len(small.operators[1].inputs) == 3
    np.testing.assert_array_equal(predict(small), predict(net.graph()))


@pytest.mark.parametrize("axes", [[1, 2], [2, 1], [-3, -2]])
def test_constants_are_known_behind_a_mean(axes: list[int]) -> None:
    """Three channels are constant before it, and two more saturate in it."""
    net = Net("int8", (1, 5, 5, 3), SCALE)
    weights = np.arange(1, 25).reshape(8, 1, 1, 3).astype(np.int8)
    weights[:3] = 0
    biases = np.array([500, -3000, 700, 0, 1_000_000, -1_000_000, 0, 0], np.int32)
    filter_bias = net.constant(weights, Quantisation((0.01,), (0,), 0)), net.constant(biases)
    net.add("CONV_2D", filter_bias, (1, 5, 5, 8), SCALE, **ONE)
    narrow = Quantisation((0.04,), (7,), 0)  # the multiplier is no power of two
    net.add("MEAN", (net.constant(np.array(axes, np.int32)),), (1, 8), narrow, keep_dims=False)
    rows = np.arange(-50, 46, 3).reshape(4, 8).astype(np.int8)
    filter_bias = net.constant(rows, Quantisation((0.01,), (0,), 0)), net.constant(np.ones(4, "i4"))
    net.add("FULLY_CONNECTED", filter_bias, (1, 4), SCALE, fused_activation_function="NONE")
    small = fold.channels(net.graph())
    assert shapes(small) == [3, 3, 4]
    np.testing.assert_array_equal(predict(small), predict(net.graph()))


@pytest.mark.parametrize("bias", [-1, 1, -3, 3])
def test_a_constant_of_a_fully_connected_layer_at_a_tie(bias: int) -> None:
    """A half, with a multiplier of 1/2: these layers round it away from zero."""
    unit = Quantisation((1.0,), (0,), 0)
    net = Net("int8", (1, 6), unit)
    for outputs, inputs in ((8, 6), (4, 8)):
        data = (np.arange(outputs * inputs) % 5 + 1).reshape(outputs, inputs).astype(np.int8)
        data[: 3 if outputs == 8 else 0] = 0
        scale = Quantisation((0.5,), (0,), 0)
        constants = net.constant(data, scale), net.constant(np.full(outputs, bias, "i4"), scale)
        options = {"fused_activation_function": "NONE"}
        net.add("FULLY_CONNECTED", constants, (1, outputs), unit, **options)
    small = fold.channels(net.graph())
    assert shapes(small) == [5, 4]
    zeros = np.zeros((1, 6), np.int8)
    before, after = (
        reference.predict(small_nets.to_tflite(g), zeros) for g in (net.graph(), small)
    )
    assert np.abs(before).max() < 127
    np.testing.assert_array_equal(after, before)


def test_padding_keeps_constants_other_than_the_zero_point() -> None:
    same = {"padding": "SAME"}
    kept = two_convolutions(zero_rows=3, bias=500, second=same)
    assert fold.channels(kept) is kept
    gone = two_convolutions(zero_rows=3, bias=[0, 500, 0, 7, 7, 7, 7, 7], second=same)
    small = fold.channels(gone)
    assert shapes(small) == [6, 4]  # channels 0 and 2 are at the zero point
    np.testing.assert_array_equal(predict(small), predict(gone))


def test_same_padding_that_pads_nothing_is_no_padding() -> None:
    net = two_convolutions(zero_rows=3, bias=500, second={"padding": "SAME"}, size=1)
    assert shapes(fold.channels(net)) == [5, 4]


@pytest.mark.parametrize("start", [2**31 - 1000, -(2**31) + 1000])
def test_a_bias_that_would_leave_int32_takes_nothing_in(start: int) -> None:
    net = two_convolutions(zero_rows=3, bias=500, second_bias=start)
    assert fold.channels(net) is net
    # what lies at the zero point adds nothing, and may go
    net = two_convolutions(zero_rows=3, bias=[0, 500, 500, 7, 7, 7, 7, 7], second_bias=start)
    assert shapes(fold.channels(net)) == [7, 4]


def test_one_channel_stays_where_all_are_constant() -> None:
    net = two_convolutions(zero_rows=8, bias=500)
    small = fold.channels(net)
    assert shapes(small) == [1, 4]
    np.testing.assert_array_equal(predict(small), predict(net))


def test_channels_that_saturate_are_constant() -> None:
    net = two_convolutions(zero_rows=0, bias=[10_000_000, -10_000_000, 0, 0, 0, 0, 0, 0])
    small = fold.channels(net)
    assert shapes(small) == [6, 4]
    np.testing.assert_array_equal(predict(small), predict(net))


def test_channels_that_nobody_reads_go() -> None:
    net = two_convolutions(zero_rows=0)
    position = net.operators[1].inputs[1]
    data = net.tensors[position].data
    assert data is not None
    data = data.copy()
    data[..., [1, 4]] = 0
    tensors = list(net.tensors)
    tensors[position] = dataclasses.replace(tensors[position], data=data)
    net = net.replace(tensors=tuple(tensors))
    small = fold.channels(net)
    assert shapes(small) == [6, 4]
    np.testing.assert_array_equal(predict(small), predict(net))


def test_weights_shared_by_two_operators_are_not_cut_for_both() -> None:
    """Both convolutions use one filter of 3 -> 3 channels with a dead row; only the first one's
    output may shrink, because the second's is the model's."""
    net = Net("int8", (1, 4, 4, 3), SCALE)
    data = np.arange(1, 10).reshape(3, 1, 1, 3).astype(np.int8)
    data[1] = 0
    shared = net.constant(data, Quantisation((0.01,), (0,), 0)), net.constant(np.ones(3, np.int32))
    for _ in range(2):
        net.add("CONV_2D", shared, (1, 4, 4, 3), SCALE, **ONE)
    small = fold.channels(net.graph())
    assert shapes(small) == [2, 3]
    np.testing.assert_array_equal(predict(small), predict(net.graph()))


def test_the_output_keeps_its_channels() -> None:
    net = two_convolutions(zero_rows=3, bias=500)
    first = net.replace(operators=net.operators[:1], output=net.operators[0].outputs[0])
    assert fold.channels(first) is first


def test_a_broken_operator_is_left_to_lower() -> None:
    """A filter that does not fit its input stays: the kernel's own refusal says more."""
    net = two_convolutions(zero_rows=3, bias=500)
    tensors = list(net.tensors)
    position = net.operators[1].inputs[1]
    tensors[position] = dataclasses.replace(tensors[position], shape=(4, 3, 3, 7))
    broken = net.replace(tensors=tuple(tensors))
    assert fold.channels(broken) is broken


def test_graphs_that_make_no_sense_do_not_stop_the_compiler() -> None:
    """Shapes, types, inputs and options changed at random: lower() refuses them later, by name."""
    rng = random.Random(0)
    for seed in range(CASES):
        net = small_nets.draw(seed, "int8", more=True)
        tensors, operators = list(net.tensors), list(net.operators)
        for _ in range(3):
            k = rng.randrange(len(tensors))
            shape = list(tensors[k].shape)
            shape[rng.randrange(len(shape))] = rng.randint(1, 9)
            shape = rng.choice([shape, shape[1:] or [1], [1, *shape]])
            data = tensors[k].data
            data = data if data is None else np.resize(data, shape)
            dtype = rng.choice([tensors[k].dtype, "float32"]) if data is None else data.dtype.name
            old = tensors[k]
            tensors[k] = dataclasses.replace(old, shape=tuple(shape), data=data, dtype=dtype)
            k = rng.randrange(len(operators))
            op = operators[k]
            inputs = tuple(rng.choice([i, i, -1]) for i in op.inputs[: rng.randint(1, 3)])
            options = {key: v for key, v in op.options.items() if rng.random() < 0.9}
            operators[k] = dataclasses.replace(op, inputs=inputs, options=options)
        strange = net.replace(tensors=tuple(tensors), operators=tuple(operators))
        assert len(fold.channels(fuse.fuse(strange)).operators) <= len(operators)


def activated(first: str, second: str, zero_point: int = -11) -> Graph:
    scale = Quantisation((0.05,), (zero_point,), 0)
    net = Net("int8", (1, 4, 4, 3), scale)
    weights = np.arange(-40, 41, 3).reshape(3, 3, 1, 3).astype(np.int8)
    inputs = net.constant(weights, Quantisation((0.01,), (0,), 0)), net.constant(np.ones(3, "i4"))
    options = ONE | {"fused_activation_function": first}
    net.add("CONV_2D", inputs, (1, 2, 4, 3), scale, **options)
    net.add(second, (), (1, 2, 4, 3), scale)
    return net.graph()


@pytest.mark.parametrize(
    ("first", "second", "fused"),
    [
        ("NONE", "RELU", "RELU"),
        ("NONE", "RELU6", "RELU6"),
        ("RELU", "RELU6", "RELU6"),
        ("RELU6", "RELU", "RELU6"),
        ("RELU", "RELU", "RELU"),
        ("NONE", "RELU_N1_TO_1", "RELU_N1_TO_1"),
    ],
)
def test_activations_are_fused(first: str, second: str, fused: str) -> None:
    net = activated(first, second)
    small = fuse.fuse(net)
    assert [op.name for op in small.operators] == ["CONV_2D"]
    assert small.operators[0].options["fused_activation_function"] == fused
    np.testing.assert_array_equal(predict(small), predict(net))


def test_two_activations_become_the_one_that_clamps_as_both_do() -> None:
    (layer,) = fuse.fuse(activated("RELU", "RELU_N1_TO_1")).operators
    assert layer.options["fused_activation_function"] == "RELU_0_TO_1"


def test_relu_of_another_scale_stays() -> None:
    net = activated("NONE", "RELU")
    tensors = list(net.tensors)
    other = Quantisation((0.04,), (-11,), 0)
    tensors[net.output] = dataclasses.replace(tensors[net.output], quantisation=other)
    net = net.replace(tensors=tuple(tensors))
    assert fuse.fuse(net) is net


def test_identities_are_dropped() -> None:
    net = Net("int8", (1, 4, 4, 3), Quantisation((0.05,), (-128,), 0))
    q = net.quantisation
    net.add("PAD", (net.constant(np.zeros((4, 2), np.int32)),), net.shape, q)
    net.add("RESHAPE", (net.constant(np.array(net.shape, np.int32)),), net.shape, q)
    pool = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "filter_height": 1, "filter_width": 1}
    net.add("MAX_POOL_2D", (), net.shape, q, fused_activation_function="NONE", **pool)
    net.add("RELU", (), net.shape, q)  # -128 is 0 already
    net.add("AVERAGE_POOL_2D", (), net.shape, q, fused_activation_function="RELU6", **pool)
    small = fuse.fuse(net.graph())
    assert [op.name for op in small.operators] == ["AVERAGE_POOL_2D"]
    np.testing.assert_array_equal(predict(small), predict(net.graph()))


def test_the_net_survives_its_file() -> None:
    """The tests above rely on this: to_tflite and the reader are each other's inverse."""
    for seed in range(20):
        net = small_nets.draw(seed, "int8", more=True)
        back = graphs.read(small_nets.to_tflite(net), "net")
        assert [op.name for op in back.operators] == [op.name for op in net.operators]
        assert [t.type_and_shape for t in back.tensors] == [t.type_and_shape for t in net.tensors]
        for a, b in zip(net.operators, back.operators, strict=True):
            assert a.options.items() <= b.options.items()
