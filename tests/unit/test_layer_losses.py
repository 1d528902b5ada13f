"""The losses of int8, layer by layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import small_nets
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from boardless.data import pictures
from boardless.model import graph, zoo
from boardless.model.graph import Quantisation
from boardless.model.reference import layers
from boardless.model.reference.layers import Network


def network(name: str) -> Network:
    model = zoo.find(name)
    return Network(model.content, model.graph)


def real(file: Network, inputs: npt.NDArray[Any], number: int) -> npt.NDArray[np.float64]:
    """Returns the real values of a tensor, by an interpreter in this process."""
    interpreter = Interpreter(
        model_content=file.content,
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        experimental_preserve_all_tensors=True,
    )
    interpreter.allocate_tensors()
    values = []
    for picture in inputs:
        interpreter.set_tensor(file.graph.input, picture[np.newaxis])
        interpreter.invoke()
        values.append(interpreter.get_tensor(number).astype(np.float64))
    q = file.graph.tensors[number].quantisation
    return np.array(values) if q is None else q.scale * (np.array(values) - q.zero_point)


def test_layers_of_a_zoo_model() -> None:
    exact, rounded = network("digits_cnn:float32"), network("digits_cnn:int8")
    shape = exact.graph.input_tensor.shape
    inputs = np.random.default_rng(0).random((3, *shape[1:]), np.float32)
    levels = pictures.levels(inputs, rounded.graph.input_tensor)
    found = layers.compare(exact, rounded, inputs, levels)
    assert [layer.op for layer in found] == [op.name for op in exact.graph.operators]
    for layer, (ours, theirs) in zip(
        found, layers.matched(exact.graph, rounded.graph), strict=True
    ):
        values = real(exact, inputs, ours.outputs[0])
        noise = values - real(rounded, levels, theirs.outputs[0])
        decibels = 10 * np.log10(np.square(values).sum() / np.square(noise).sum())
        assert layer.decibels == pytest.approx(decibels)
        assert layer.largest_error == pytest.approx(np.abs(noise).max())
        assert (layer.low, layer.high) == (values.min(), values.max())


def test_a_file_loses_nothing_against_itself() -> None:
    exact = network("digits_cnn:float32")
    inputs = np.zeros((1, *exact.graph.input_tensor.shape[1:]), np.float32)
    found = layers.compare(exact, exact, inputs, inputs)
    assert {(layer.decibels, layer.own_noise, layer.largest_error) for layer in found} == {
        (layers.MOST_DECIBELS, 0.0, 0.0)
    }


@pytest.mark.parametrize("conversion", ["RELU", "QUANTIZE"])
def test_noise_counts_where_it_is_made(conversion: str) -> None:
    """Noise of a coarse scale is the layer's that has it; that of a conversion, which the float32
    file lacks, is the next layer's. Steps of 1/8 make an error of 1/8 / sqrt(12)."""
    fine, coarse = Quantisation((1 / 128,), (0,), 0), Quantisation((1 / 8,), (0,), 0)
    nets = []
    for dtype, scales in (("float32", (None, None, None)), ("int8", (fine, fine, coarse))):
        net = small_nets.Net(dtype, (1, 4, 4, 2), scales[0])
        net.add("RELU", (), (1, 4, 4, 2), scales[1])
        if dtype == "int8" or conversion == "RELU":
            net.add(conversion, (), (1, 4, 4, 2), scales[2])
        net.add("RELU", (), (1, 4, 4, 2), scales[2])
        nets.append(Network(small_nets.to_tflite(net.graph()), net.graph()))
    inputs = np.random.default_rng(0).random((2, 4, 4, 2), np.float32)
    levels = pictures.levels(inputs, nets[1].graph.input_tensor)
    first, second, *others = layers.compare(nets[0], nets[1], inputs, levels)
    assert first.own_noise == 0
    rms = np.sqrt(np.square(inputs).mean())
    assert second.own_noise == pytest.approx(1 / 8 / 12**0.5 / rms, rel=0.2)
    assert [layer.own_noise for layer in others] == ([0] if conversion == "RELU" else [])


def test_what_only_one_file_has_is_left_out() -> None:
    exact, rounded = network("digits_cnn:float32").graph, network("digits_cnn:int8").graph
    extra = exact.replace(operators=(exact.operators[1], *exact.operators))
    assert layers.matched(extra, rounded) == layers.matched(exact, rounded)
    strange = exact.replace(
        tensors=tuple(
            t if n != exact.operators[0].outputs[0] else graph.Tensor(t.name, (1, 1), t.dtype)
            for n, t in enumerate(exact.tensors)
        )
    )
    assert len(layers.matched(strange, rounded)) == len(exact.operators) - 1
