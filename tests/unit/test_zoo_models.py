"""The committed .tflite files: sizes, figures of their sources, and that they are as good as their
cards say. Two small ones are looked at more closely in test_zoo_files.py."""

from __future__ import annotations

import math
import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from boardless.core import paths
from boardless.data import datasets, pictures
from boardless.data.datasets import _network
from boardless.model import compiler, reference, structures, zoo
from boardless.model.graph import Graph, read

CLOSER = ("digits_cnn", "mobile_lenet")
NAMES = [name for name in zoo.names() if name not in CLOSER]
CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")
SAMPLE = 100  # as models/train.py has it
# MACs for 2 classes, channels before the head, map behind the stem and those of the blocks
FAMILY = {
    "pico_mobilenet": (53_616, 24, [32, 16, 8, 4]),
    "nano_mobilenet": (125_139, 24, [47, 24, 12, 6, 3]),
    "micro_mobilenet": (612_048, 24, [47, 47, 24, 24, 12, 12, 6, 6, 3]),
    "milli_mobilenet": (744_936, 48, [47, 47, 24, 24, 12, 12, 6, 6, 3, 3]),
    "mobilenet": (1_127_352, 96, [47, 47, 24, 24, 12, 12, 6, 6, 6, 6, 6, 3, 3]),
}


@cache
def graph(name: str, kind: str = "float32") -> Graph:
    return zoo.find(f"{name}:{kind}").graph


@cache
def loaded(name: str) -> datasets.Dataset:
    return datasets.load(name)


def macs(name: str) -> int:
    return compiler.compile_graph(graph(name)).nominal_macs


def parameters(network: Graph) -> int:
    """Weights and those biases that say something: a layer without one has zeros in the file."""
    total = 0
    for op in network.operators:
        if op.name in (*CONVOLUTIONS, "FULLY_CONNECTED"):
            constants = [network.tensors[t].data for t in op.inputs[1:] if t >= 0]
            total += sum(c.size for c in constants if c is not None and c.any())
    return total


def batch_normalised(name: str, network: Graph) -> int:
    """Channels with batch normalisation, by what its source says of the architecture."""
    layers = [op for op in network.operators if op.name in CONVOLUTIONS]
    if name in FAMILY:
        return 0
    if "fdmobilenet" in name:
        layers = [op for op in layers if op.name == "CONV_2D"]
    if name != "se_mobilenet":  # its head is dense, the others' a convolution
        layers = layers[:-1]
    return sum(network.tensors[op.outputs[0]].shape[3] for op in layers)


def test_all_models_together_are_small() -> None:
    files = list(paths.ZOO.rglob("*.tflite"))
    assert {path.name for path in files} == {"float32.tflite", "int8.tflite"}
    assert sum(path.stat().st_size for path in files) < 9_000_000


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_keras_with_batch_normalisation_folded(name: str) -> None:
    network = graph(name)
    assert parameters(network) + 3 * batch_normalised(name, network) == zoo.results(name).parameters


def test_folded_fdmobilenet_is_the_published_count() -> None:
    assert parameters(graph("fdmobilenet_025")) == 125_477


@pytest.mark.parametrize("name", sorted(FAMILY.keys() & set(NAMES)))
def test_family_has_the_published_size(name: str) -> None:
    for_2_classes, channels, maps = FAMILY[name]
    network = graph(name)
    classes = len(zoo.results(name).classes)
    assert macs(name) == for_2_classes + (classes - 2) * channels
    outputs = [network.tensors[op.outputs[0]].shape for op in network.operators]
    names = [op.name for op in network.operators]
    behind = [s[1] for n, s in zip(names, outputs, strict=True) if n == "DEPTHWISE_CONV_2D"]
    assert [outputs[0][1], *behind] == maps
    assert "RELU6" not in str(network.operators[0].options)  # nothing behind the stem


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fdmobilenet_025", 3_848_448),
        ("st_fdmobilenet_v1", 7_977_216),
        ("mobilenet_v1_025", 7_489_664 + 3 * 256),
        ("mobilenet_v1_025_gray", 7_489_664 + 3 * 256 - 2 * 48 * 48 * 8 * 9),
        ("mobilenet_v1_020", None),
        ("mobilenet_v1_010", None),
    ],
)
def test_macs(name: str, expected: int | None) -> None:
    if expected is None:  # no source states it: as the network of the same shape has it
        alpha = {"mobilenet_v1_020": 0.2, "mobilenet_v1_010": 0.1}[name]
        twin = read(structures.mobilenet_v1(96, alpha, 5), "twin")
        expected = compiler.compile_graph(twin).nominal_macs
    assert macs(name) == expected


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", zoo.TYPES)
def test_files_are_what_they_say(name: str, kind: str) -> None:
    network, about = graph(name, kind), zoo.results(name)
    assert network.input_tensor.dtype == network.output_tensor.dtype == kind
    assert network.input_tensor.shape == (1, *about.input_shape)
    assert network.output_tensor.shape == (1, len(about.classes))
    for op in network.operators:
        for tensor in (network.tensors[t] for t in op.inputs if t >= 0):
            if kind == "int8" and op.name in CONVOLUTIONS and tensor.dtype == "int8":
                q = tensor.quantisation
                assert q is not None
                if tensor.data is not None:  # a scale for each output channel, zero points 0
                    axis = 3 if op.name == "DEPTHWISE_CONV_2D" else 0
                    assert q.axis == axis or tensor.shape[axis] == 1
                    assert len(q.scales) == tensor.shape[axis]
                    assert not any(q.zero_points)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", zoo.TYPES)
def test_sample_is_as_good_as_the_results_say(
    name: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exactly as many of the first 100 pictures are right as recorded."""

    def no_network(*_: object) -> Path:
        raise datasets.DataMissing("not in $BOARDLESS_DATA")

    monkeypatch.setattr(_network, "unpacked", no_network)
    model = zoo.find(f"{name}:{kind}")
    assert model.results
    try:
        data = loaded(model.results.dataset)
    except datasets.DataMissing as error:
        pytest.skip(str(error))
    if data.origin != model.results.data_origin:
        pytest.skip(f"measured on {model.results.data_origin}; here is {data.origin}")
    inputs = pictures.as_inputs(
        data.test.images[:SAMPLE], model.graph.input_tensor, model.results.input
    )
    predictions = reference.predict(model.content, inputs).argmax(axis=1)
    right = int(np.sum(predictions == data.test.labels[:SAMPLE]))
    assert right == model.results.sample_hits[kind]


@pytest.mark.parametrize("name", NAMES)
def test_int8_loses_little(name: str) -> None:
    stated = zoo.results(name).accuracy
    assert stated["float32"] - stated["int8"] <= 0.01
    assert math.isclose(stated["float32"], stated["int8"], abs_tol=0.03)


@pytest.mark.slow
def test_wake_words_are_what_mlperfs_model_expects() -> None:
    """A model that nobody here trained: colours, classes and scaling are right if it is."""
    data = os.environ.get("BOARDLESS_DATA", "")
    model = Path(data, "mlperf_tiny", "vww_96_int8.tflite")
    if not model.is_file() or not Path(data, "vww_96").is_dir():
        pytest.skip("needs mlperf_tiny and vww_96 in $BOARDLESS_DATA")
    content, test = model.read_bytes(), loaded("vww_96").test
    inputs = pictures.as_inputs(
        test.images[:200], read(content, "vww").input_tensor, zoo.Scaling(1 / 255)
    )
    predictions = reference.predict(content, inputs).argmax(axis=1)
    assert (predictions == test.labels[:200]).mean() >= 0.8


@pytest.mark.parametrize("name", [name for name in zoo.names() if zoo.unfolded(name)])
def test_unfolded_weights_are_those_of_the_float32_file(name: str) -> None:
    """Weights and normalisation as they were trained, folded here, are what the .tflite holds."""
    kept, network = zoo.unfolded(name), graph(name)
    number = 0
    for op in network.operators:
        if len(op.inputs) < 3:
            continue
        number += 1
        weight, bias = (np.asarray(network.tensors[i].data) for i in op.inputs[1:3])
        trained = kept[f"w{number:02}"]
        own = np.asarray(kept.get(f"b{number:02}", np.zeros(len(trained))), np.float64)
        scale = np.ones(len(trained))
        if f"bn{number:02}" in kept:
            gamma, beta, mean, variance = kept[f"bn{number:02}"].astype(np.float64)
            scale = gamma / np.sqrt(variance + 1e-3)
            own = beta + (own - mean) * scale
            assert np.abs(mean).max() > 0.01  # not folded already
        axes = {2: (0, 1), 3: (1, 2, 0), 4: (0, 2, 3, 1)}[trained.ndim]
        folded = (trained * scale.reshape(-1, *[1] * (trained.ndim - 1))).transpose(axes)
        np.testing.assert_allclose(weight, folded.reshape(weight.shape), rtol=0, atol=1e-5)
        np.testing.assert_allclose(bias, own, rtol=0, atol=1e-5)
    assert number == 14
