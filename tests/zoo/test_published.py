"""Training by a published protocol: its pictures, its beginning and what a teacher's features add.

python -m pytest tests/zoo/test_published.py
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="the zoo is trained with TensorFlow: nox -s train")

sys.path.insert(0, str(Path(__file__).parents[2] / "models"))

import recipes
import teacher
import train
import training
import untrained
from boardless.core.errors import BadInput
from boardless.data import datasets
from boardless.model import reference
from lessons import Lessons
from model_card import card
from protocol import published


@pytest.fixture(autouse=True)
def checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test finds what another training left, or leaves anything."""
    monkeypatch.setattr(training, "CHECKPOINTS", tmp_path / "checkpoints")
    monkeypatch.setattr(teacher, "CACHE", tmp_path / "opinions")


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A zoo of the digits alone, with a recipe for the published protocol."""
    copy = tmp_path / "zoo"
    shutil.copytree(recipes.ZOO / "digits_cnn", copy / "digits_cnn")
    text = (copy / "digits_cnn" / "recipe.toml").read_text(encoding="utf-8")
    folder = copy / "digits_cnn" / "published"
    folder.mkdir()
    (folder / "recipe.toml").write_text(
        text.replace("[data]\n", '[data]\nprotocol = "published"\n'), encoding="utf-8"
    )
    monkeypatch.setattr(recipes, "ZOO", copy)
    return copy


def few(count: int, side: int) -> datasets.Split:
    rng = np.random.default_rng(count)
    images = rng.integers(0, 256, (count, side, side, 3)).astype(np.uint8)
    return datasets.Split(images, rng.integers(0, 3, count))


# --- Pictures -----------------------------------------------------------------------------------
def test_all_pictures_but_the_reported_ones_are_learnt_from() -> None:
    parts = {name: few(n, 8) for name, n in (("train", 7), ("validation", 2), ("test", 3))}
    data = published(datasets.Dataset("few", ("a", "b", "c"), origin="made up", **parts))
    assert np.array_equal(data.train.images[:7], parts["train"].images)
    assert np.array_equal(data.train.images[7:], parts["validation"].images)
    assert len(data.train.labels) == 9
    assert data.validation is data.test is parts["test"]
    assert data.origin == "made up; the epoch is chosen on the reported 20 %"


def test_flowers_that_are_reported_are_in_no_training_part() -> None:
    try:
        data = published(datasets.load("flowers_96_gray"))
    except datasets.DataMissing as error:
        pytest.skip(str(error))
    learnt = {picture.tobytes() for picture in data.train.images}
    assert not any(picture.tobytes() in learnt for picture in data.test.images)
    assert len(data.train) + len(data.test) == 3670


# --- The command --------------------------------------------------------------------------------
def test_files_go_beside_those_of_the_model(zoo: Path, tmp_path: Path) -> None:
    before = (zoo / "digits_cnn" / "int8.tflite").read_bytes()
    arguments = ["digits_cnn", "--protocol", "published"]
    assert train.main([*arguments, "--epochs", "2", "--out", str(tmp_path / "out")]) == 0
    assert {path.name for path in (tmp_path / "out" / "digits_cnn" / "published").iterdir()} == {
        "curves.png", "float32.tflite", "int8.tflite", "results.toml",
    }  # fmt: skip
    shutil.copytree(tmp_path / "out", zoo, dirs_exist_ok=True)
    assert train.main([*arguments, "--evaluate"]) == 0
    assert train.main(["digits_cnn", "--evaluate"]) == 0  # on held-out pictures, as before
    assert (zoo / "digits_cnn" / "int8.tflite").read_bytes() == before


def test_the_card_states_both_figures(zoo: Path) -> None:
    folder = zoo / "digits_cnn"
    own = recipes.read_results(folder)
    better = msgspec.structs.replace(own, accuracy=recipes.Accuracy(0.991, 0.992))
    (folder / "published" / "results.toml").write_text(recipes.results_toml(better))
    text = card(own, recipes.read_recipe("digits_cnn"))
    assert f"| accuracy, int8 | {100 * own.accuracy.int8:.2f} % |" in text
    assert "| accuracy by the published protocol | 99.10 % float32, 99.20 % int8 |" in text
    assert "--protocol published --evaluate" in text


def test_a_recipe_is_of_the_protocol_whose_folder_it_is_in(zoo: Path) -> None:
    folder = zoo / "digits_cnn"
    shutil.copy(folder / "recipe.toml", folder / "published" / "recipe.toml")
    with pytest.raises(BadInput, match="is not 'published', as its folder says"):
        recipes.read_recipe("digits_cnn", "published")


# --- Weights to begin with ----------------------------------------------------------------------
def test_a_committed_model_can_be_trained_on() -> None:
    """Its folded weights in a model with batch normalisation compute the same, and normalise."""
    from folded import unfold_into

    tflite = (recipes.ZOO / "fdmobilenet_025" / "float32.tflite").read_bytes()
    pictures = np.random.default_rng(1).uniform(-1, 1, (6, 128, 128, 3)).astype(np.float32)
    model = training.build("fdmobilenet_025", (128, 128, 3), 5)
    unfold_into(model, tflite, pictures)
    expected = reference.predict(tflite, pictures)
    np.testing.assert_allclose(untrained.outputs(model, pictures), expected, atol=1e-4)
    # in training, too, where the pictures' own averages are what the layer has as its averages
    for layer in model.layers:
        if "dropout" in layer.name:
            layer.rate = 0.0
    seen = np.asarray(model(pictures, training=True))
    np.testing.assert_allclose(seen, expected, atol=1e-3)


def test_weights_of_another_model_are_refused() -> None:
    from folded import unfold_into

    model = training.build("mobilenet_v1_025", (96, 96, 3), 5)
    tflite = (recipes.ZOO / "fdmobilenet_025" / "float32.tflite").read_bytes()
    with pytest.raises(BadInput, match="the file has 24 convolutions, the model 28"):
        unfold_into(model, tflite, np.zeros((1, 96, 96, 3), np.float32))


# --- Features -----------------------------------------------------------------------------------
def learner(features: float, maps: float = 0.0) -> recipes.Recipe:
    plan = recipes.read_recipe("digits_cnn")
    how = recipes.Distillation("digits_cnn", 0.5, temperature=1.0, features=features, maps=maps)
    return msgspec.structs.replace(plan, distillation=how)


def test_a_teachers_features_are_what_its_last_layer_reads() -> None:
    data = datasets.load("digits")
    lessons = Lessons(learner(0.5), data)
    assert lessons.teacher
    said = lessons.teacher.opinions(learner(0.5), view=0)
    assert said.shape == (1078, 10 + 72)
    from boardless.model import graph

    head = graph.read((recipes.ZOO / "digits_cnn" / "float32.tflite").read_bytes(), "head")
    weights, bias = (np.asarray(head.tensors[i].data) for i in head.operators[-1].inputs[1:3])
    logits = said[:, 10:] @ weights.T + bias
    np.testing.assert_allclose(np.maximum(logits, 1e-9), said[:, :10], atol=1e-3)
    targets = np.concatenate([y for _, y in lessons.epoch(0)])
    assert targets.shape[1] == 82
    assert np.abs(targets[:, 10:].mean(axis=0)).max() < 0.1
    assert targets[:, 10:].std() < 1.01


def test_features_are_the_mean_of_the_teachers_map() -> None:
    from ai_edge_litert.interpreter import Interpreter

    tflite = (recipes.ZOO / "fdmobilenet_025" / "float32.tflite").read_bytes()
    content, *shapes = teacher.with_inside(tflite, features=True, maps=True)
    assert shapes == [(1, 1, 256), (4, 4, 256)]
    assert teacher.with_inside(tflite, features=False, maps=True)[1:] == ((4, 4, 256),)
    interpreter: Any = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    picture = np.random.default_rng(2).uniform(-1, 1, (1, 128, 128, 3)).astype(np.float32)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture)
    interpreter.invoke()
    outputs = [interpreter.get_tensor(o["index"]) for o in interpreter.get_output_details()]
    said, features, places = outputs
    np.testing.assert_allclose(said, reference.predict(tflite, picture), atol=1e-5)
    np.testing.assert_allclose(places.mean(axis=(1, 2)), features.reshape(1, 256), atol=1e-5)
    assert places.std(axis=(1, 2)).max() > 0.1


def test_a_channel_has_one_scale_at_all_places_of_a_map() -> None:
    lessons = Lessons(learner(0.5, 0.25), datasets.load("digits"))
    assert lessons.guesses == [(0.5, (72,)), (0.25, (3, 3, 8))]
    assert lessons.centre.shape == lessons.spread.shape == (144,)
    for scale in (lessons.centre, lessons.spread):
        by_place = scale[72:].reshape(9, 8)
        assert (by_place == by_place[0]).all()
    places = lessons.centre[:72].reshape(9, 8)  # of the head, which reads each for itself
    np.testing.assert_allclose(lessons.centre[72:80], places.mean(axis=0), rtol=1e-3)
    targets = np.concatenate([y for _, y in lessons.epoch(0)])
    assert targets.shape[1] == 10 + 144
    # the digits' head reads the map itself, place by place
    assert np.corrcoef(targets[:, 10:82].ravel(), targets[:, 82:].ravel())[0, 1] > 0.5


def test_loss_is_entropy_and_distance() -> None:
    from features import accuracy, both

    wanted = np.array([[1, 0, 0.5, 0.5], [0, 1, 0, 0]], np.float32)
    said = np.array([[0.5, 0.5, 0.5, 1.5], [0.75, 0.25, 2, 0]], np.float32)
    loss = np.asarray(both(2, [(0.5, (2,))], 0.0)(wanted, said))
    np.testing.assert_allclose(loss, [-np.log(0.5) + 0.25, -np.log(0.25) + 1], rtol=1e-5)
    loss = np.asarray(both(2, [(0.5, (1,)), (2, (1, 1, 1))], 0.0)(wanted, said))
    np.testing.assert_allclose(loss, [-np.log(0.5) + 2, -np.log(0.25) + 2], rtol=1e-5)
    assert np.asarray(accuracy(2)(wanted, said)).tolist() == [1, 0]


def test_a_map_of_another_size_is_refused() -> None:
    from features import with_guesses

    model = training.build("fdmobilenet_025", (64, 64, 3), 3)
    assert with_guesses(model, [(1, 1, 7), (2, 2, 5)]).output_shape == (None, 3 + 7 + 20)
    with pytest.raises(BadInput, match=r"the teacher's map is \(4, 4\), ours \(2, 2\)"):
        with_guesses(model, [(4, 4, 5)])


@pytest.mark.parametrize("kind", ["features", "maps"])
def test_features_are_learnt_and_thrown_away(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The student gets nearer to the teacher's features, or to their map; the model that is kept
    has no guesses."""
    side = 2 if kind == "maps" else 1

    class Brightness:
        """Its map is the brightness of the picture, or of its quarters."""

        images = np.zeros(0)
        shapes = ((side, side, 1),)

        def __init__(self, *_: object, **__: object) -> None: ...

        def opinions(self, recipe: Any, view: int, pixels: Any = None) -> Any:
            parts = data.train.images.reshape(64, side, 64 // side, side, 64 // side, 3)
            bright = parts.mean(axis=(2, 4, 5), dtype=np.float32).reshape(64, -1)
            return np.concatenate([np.full((len(bright), 3), 1 / 3, np.float32), bright], axis=1)

    split = few(64, 64)
    split.images[:] = split.images // 8 * np.arange(1, 9).repeat(8)[:, None, None, None]
    data = datasets.Dataset("few", ("a", "b", "c"), split, split, split, "made up")
    monkeypatch.setattr("lessons.Teacher", Brightness)
    plan = recipes.read_recipe("fdmobilenet_025", "published")
    quiet = msgspec.structs.replace(plan.augmentation, mix=0.0, light=0.0, contrast=0.0, shift=0.0)
    how = msgspec.structs.replace(plan.training, batch_size=16, warmup_epochs=0)
    other = {"features": 0.0, "maps": 0.0, kind: 3.0}
    assert plan.distillation
    taught = msgspec.structs.replace(plan.distillation, **other)
    plan = msgspec.structs.replace(plan, continued=None, augmentation=quiet, training=how)
    plan = msgspec.structs.replace(plan, distillation=taught)
    model, history = training.fit("fdmobilenet_025", plan, data, epochs=6)
    assert model.output_shape == (None, 3)
    least = np.log(3)  # of an entropy whose targets are all 1/3; the rest is distance
    assert history["loss"][-1] - least < 0.5 * (history["loss"][0] - least)
    assert {*history} == {"loss", "accuracy", "val_loss", "val_accuracy"}
