"""The committed .tflite files are what their cards say: operators, quantisation, accuracy. How they
are trained is tested in tests/zoo, with TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boardless.data import datasets, pictures
from boardless.data.datasets import bloodmnist
from boardless.model import reference, zoo

SAMPLE = 200  # pictures of the larger test split: enough to notice another model

OPERATORS = {
    "digits_cnn": "CONV_2D MAX_POOL_2D RESHAPE FULLY_CONNECTED",
    "mobile_lenet": (
        "CONV_2D"
        + 2 * " DEPTHWISE_CONV_2D CONV_2D"
        + 2 * (" PAD" + 2 * " DEPTHWISE_CONV_2D CONV_2D")
        + " MEAN FULLY_CONNECTED SOFTMAX"
    ),
}
COMMITTED = [(name, kind) for name in sorted(OPERATORS) for kind in ("float32", "int8")]


def interpreter(model: bytes) -> Any:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    made = Interpreter(
        model_content=model, experimental_op_resolver_type=OpResolverType.BUILTIN_REF
    )
    made.allocate_tensors()
    return made


@pytest.mark.parametrize(("name", "kind"), COMMITTED)
def test_operators_of_committed_files(name: str, kind: str) -> None:
    made = interpreter(zoo.find(f"{name}:{kind}").content)
    operators = made._get_ops_details()
    assert [o["op_name"] for o in operators if o["op_name"] != "DELEGATE"] == OPERATORS[
        name
    ].split()
    for operator in operators:
        if operator["op_name"] == "PAD":
            assert made.get_tensor(operator["inputs"][1]).tolist() == [
                [0, 0], [1, 1], [1, 1], [0, 0],
            ]  # fmt: skip
    for details in (made.get_input_details()[0], made.get_output_details()[0]):
        assert details["dtype"] == getattr(np, kind)
        assert details["shape"][0] == 1


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_int8_weights_are_per_channel_and_symmetric(name: str) -> None:
    made = interpreter(zoo.find(f"{name}:int8").content)
    tensors = {details["index"]: details for details in made.get_tensor_details()}
    for operator in made._get_ops_details():
        if operator["op_name"] in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            weights = tensors[operator["inputs"][1]]
            axis = 3 if operator["op_name"] == "DEPTHWISE_CONV_2D" else 0
            quantised = weights["quantization_parameters"]
            assert weights["dtype"] == np.int8
            assert quantised["quantized_dimension"] == axis
            assert len(quantised["scales"]) == weights["shape"][axis]
            assert not quantised["zero_points"].any()


def accuracy(model: zoo.Model, limit: int | None = None) -> float:
    """Returns the accuracy on the first `limit` held-out pictures, by TFLite's reference kernels;
    skips without pictures."""
    assert model.results
    try:
        data = datasets.load(model.results.dataset)
    except datasets.DataMissing as error:
        pytest.skip(f"{model.results.dataset}: {error}")
    if data.origin != model.results.data_origin:
        pytest.skip(f"measured on {model.results.data_origin}; here is {data.origin}")
    fed = pictures.load(model, None, limit)
    assert fed.labels is not None
    assert len(fed) == (limit or model.results.test_pictures)
    predictions = reference.predict(model.content, fed.inputs).argmax(axis=1)
    return round(float((predictions == fed.labels).mean()), 6)


@pytest.mark.slow
@pytest.mark.parametrize("kind", zoo.TYPES)
def test_digits_cnn_is_as_good_as_its_card_says(kind: str) -> None:
    model = zoo.find(f"digits_cnn:{kind}")
    assert model.results
    assert datasets.load("digits").origin == model.results.data_origin  # comes with scikit-learn
    assert accuracy(model) == model.results.accuracy[kind] >= 0.95


def test_mobile_lenet_loses_nothing_by_quantisation() -> None:
    stated = zoo.results("mobile_lenet").accuracy
    assert min(stated.values()) >= 0.90
    assert abs(stated["float32"] - stated["int8"]) <= 0.005


@pytest.mark.slow
@pytest.mark.parametrize("kind", zoo.TYPES)
def test_mobile_lenet_is_as_good_as_its_card_says(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network() -> Path:
        raise datasets.DataMissing("not in $BOARDLESS_DATA")

    monkeypatch.setattr(bloodmnist, "_download", no_network)
    model = zoo.find(f"mobile_lenet:{kind}")
    assert model.results
    # 200 of 3,417 pictures: three standard deviations are about five points.
    assert accuracy(model, SAMPLE) == pytest.approx(model.results.accuracy[kind], abs=0.05)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("...tflite", "__"),
        ("..tflite", "_"),
        (". .tflite", "._"),
        ("a/..b.tflite", "..b"),
        ("x\x1b[2J%s.tflite", "x__2J_s"),
    ],
)
def test_a_model_has_a_build_folder_of_its_own(file: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(zoo.find("digits_cnn:int8").content)
    assert zoo.find(str(path)).name == name


def test_long_names_that_begin_alike_stay_apart(tmp_path: Path) -> None:
    names = []
    for end in ("a", "b"):
        path = tmp_path / f"{'ei-tutorial-keyword-spotting-quantised-int8' * 2}{end}.tflite"
        path.write_bytes(zoo.find("digits_cnn:int8").content)
        names.append(zoo.find(str(path)).name)
    assert names[0] != names[1]
    assert {len(name) for name in names} == {40}
    assert names[0][:31] == names[1][:31] == "ei-tutorial-keyword-spotting-qu"
