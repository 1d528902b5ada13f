"""The figures that the gate compares: inputs, digests, figures of a run's JSON."""

from __future__ import annotations

import dataclasses

import numpy as np
from boardless.judge import figures
from boardless.judge.figures import Spent
from boardless.model import zoo


def test_noise_is_the_same_on_every_machine() -> None:
    made = figures.noise((8, 8, 1))
    assert made.shape == (figures.NOISE, 8, 8, 1)
    assert figures.digest(made) == "6667e406f83ae5c6"


def test_inputs_need_no_download() -> None:
    assert figures.inputs("digits_cnn").name.startswith("16 of noise, 16 of digits, ")
    assert figures.inputs("mobile_lenet").name.startswith("16 of noise, ")
    assert "bloodmnist" not in figures.inputs("mobile_lenet").name


def test_a_digest_tells_every_bit_type_and_shape_apart() -> None:
    values = np.arange(6, dtype=np.int8)
    seen = {figures.digest(v) for v in (values, values.reshape(2, 3), values.astype(np.int16))}
    assert len(seen) == 3


def test_a_models_digest_is_of_what_it_computes() -> None:
    model = zoo.find("digits_cnn:int8").graph
    assert figures.model_digest(model) == figures.model_digest(model.replace(name="another"))
    number = model.operators[0].inputs[1]
    weights = model.tensors[number].data
    assert weights is not None
    flipped = weights.copy()
    flipped.flat[0] ^= 1
    tensor = dataclasses.replace(model.tensors[number], data=flipped)
    tensors = (*model.tensors[:number], tensor, *model.tensors[number + 1 :])
    assert figures.model_digest(model) != figures.model_digest(model.replace(tensors=tensors))


def test_cycles_are_read_from_the_json_of_a_run() -> None:
    layers = [
        {"index": 0, "op": "CONV_2D", "cycles": {"cortex-m4": 700.4}},
        {"index": 1, "op": "SOFTMAX", "cycles": {"cortex-m4": 20}},
    ]
    data = {"cycles": {"cortex-m4": {"median": 731.0, "table": "t"}}, "layers": layers}
    assert figures.cycles_from_json(data) == {
        "cortex-m4": Spent(731, {"conv 0": 700, "softmax 1": 20}, table="t")
    }
    assert figures.cycles_from_json({"cycles": {}, "layers": layers}) == {}
