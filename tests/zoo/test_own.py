"""Recipes for pictures that a user brings, and the training of the last layer alone.

python -m pytest tests/zoo/test_own.py
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="the zoo is trained with TensorFlow: nox -s train")

sys.path.insert(0, str(Path(__file__).parents[2] / "models"))

import made_up_masks
import recipes
import train
import training
import untrained
from boardless.data.datasets import Dataset, Split
from boardless.model import graph


def test_masks_are_learnt_from_a_folder_of_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Made-up pictures, of which one class has a bright lower half: the last layer alone learns
    that from features of ImageNet (of the first blocks, which is quicker), and an epoch more does
    not forget it."""
    monkeypatch.setattr(training, "CHECKPOINTS", tmp_path / "checkpoints")
    mobilenet_v1 = importlib.import_module("architectures.mobilenet_v1")  # needs Keras
    monkeypatch.setattr(mobilenet_v1, "BLOCKS", mobilenet_v1.BLOCKS[:3])
    faces = made_up_masks.pictures(tmp_path / "faces", height=24)
    out = tmp_path / "out"
    arguments = ["masks", "--pictures", str(faces), "--epochs", "1"]
    assert train.main([*arguments, "--out", str(out)]) == 0
    results = recipes.read_results(out / "masks")
    assert results.classes == ["with_mask", "without_mask"]
    assert results.input_shape == (96, 96, 3)
    assert results.test_pictures == 11
    assert results.accuracy.float32 >= 0.9
    assert "split by their content (train " in results.data_origin
    text = (out / "masks" / "card.md").read_text(encoding="utf-8")
    assert "python models/train.py masks --pictures DIR --out DIR\n" in text
    assert "--evaluate" not in text
    for missing in ([], ["--pictures", str(tmp_path)], ["--out", str(out)]):
        with pytest.raises(SystemExit):
            train.main(["masks", *missing])
    assert "masks takes --pictures and --out" in capsys.readouterr().err


def test_pictures_are_stretched_to_the_size_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FD-MobileNet, at a size that takes seconds, from ImageNet's weights to int8."""
    monkeypatch.setattr(training, "CHECKPOINTS", tmp_path / "checkpoints")
    faces = made_up_masks.pictures(tmp_path / "faces", height=24)
    out = tmp_path / "out"
    arguments = ["st_fdmobilenet", "--pictures", str(faces), "--size", "32", "--epochs", "1"]
    assert train.main([*arguments, "--out", str(out)]) == 0
    results = recipes.read_results(out / "st_fdmobilenet")
    assert results.input_shape == (32, 32, 3)
    assert results.parameters == 144_080 + 2 * 257
    made = graph.read((out / "st_fdmobilenet" / "int8.tflite").read_bytes(), "made")
    assert made.input_tensor.shape == (1, 32, 32, 3)
    assert made.output_tensor.shape == (1, 2)
    text = (out / "st_fdmobilenet" / "card.md").read_text(encoding="utf-8")
    assert "--pictures DIR --size 32 --out DIR" in text


def test_the_last_layer_learns_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    head = importlib.import_module("head")  # needs Keras
    monkeypatch.setattr(head, "DECAYS", (1e-3, 1e3))  # the second allows no weights at all
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [keras.Input((6, 6, 1)), keras.layers.Conv2D(8, 3, activation="relu"),
         keras.layers.Flatten(), keras.layers.Dense(3), keras.layers.Softmax()]
    )  # fmt: skip
    kept = [np.array(weight) for weight in model.get_weights()[:2]]
    rng = np.random.default_rng(0)
    images = rng.integers(0, 60, (120, 6, 6, 1)).astype(np.uint8)
    labels = np.arange(120) % 3
    for label in (1, 2):
        images[labels == label, :, 3 * label - 3 : 3 * label] += 150
    split = Split(images, labels.astype(np.int64))
    data = Dataset("three", ("none", "left", "right"), split, split, split, "made up")
    recipe = recipes.read_recipe("digits_cnn")
    head.teach(model, recipe, data)
    for before, after in zip(kept, model.get_weights(), strict=False):
        assert np.array_equal(before, after)
    said = untrained.outputs(model, images * np.float32(recipe.input.scale))
    assert (said.argmax(axis=1) == labels).all()
    learnt = model.get_weights()[2]
    head.teach(model, recipe, data)
    assert np.array_equal(learnt, model.get_weights()[2])  # nothing in it is drawn
