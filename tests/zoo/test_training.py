"""The inputs of training: pictures, targets, teachers; and trainings that are interrupted.

python -m pytest tests/zoo/test_training.py
"""

from __future__ import annotations

import importlib
import shutil
import sys
import weakref
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="the zoo is trained with TensorFlow: nox -s train")

sys.path.insert(0, str(Path(__file__).parents[2] / "models"))

import quantise
import recipes
import teacher
import training
import untrained
from augment import augment, changed
from average import Average
from boardless.core.errors import BadInput
from boardless.data import datasets, pictures
from boardless.model import graph, reference
from checkpoint import Checkpoint
from layer_error import layer_error
from lessons import Lessons


@pytest.fixture(autouse=True)
def checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test finds what another training left, or leaves anything."""
    monkeypatch.setattr(training, "CHECKPOINTS", tmp_path / "checkpoints")
    monkeypatch.setattr(teacher, "CACHE", tmp_path / "opinions")
    return tmp_path / "checkpoints"


def recipe(**changes: Any) -> recipes.Recipe:
    """Returns the recipe of the digits, with other sections."""
    return msgspec.structs.replace(recipes.read_recipe("digits_cnn"), **changes)


def augmentation(**changes: Any) -> recipes.Augmentation:
    nothing = {"symmetries": False, "shift": 0, "rotate_degrees": 0, "zoom": 0}
    return recipes.Augmentation(**(nothing | changes))


def few(count: int = 64, side: int = 8, colours: int = 1) -> datasets.Dataset:
    """Pictures that are of class 1 where they are brighter on the left than on the right."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, side, side, colours)).astype(np.uint8)
    labels = np.arange(count) % 2
    images[labels == 1, :, : side // 2] |= 128
    images[labels == 0, :, side // 2 :] |= 128
    split = datasets.Split(images, labels.astype(np.int64))
    return datasets.Dataset("few", ("right", "left"), split, split, split, "made up")


# --- Pictures and targets -----------------------------------------------------------------------
def test_pixels_survive_their_scaling() -> None:
    """A published notebook multiplies by 1/255 and then casts to an integer: nearly all is 0."""
    images = few().train.images
    trap = (images / 255).astype(np.uint16)
    assert (trap == 0).mean() > 0.98
    plan = recipe(
        input=recipes.Input(2 / 255, -1.0), augmentation=augmentation(light=0.1, shift=0.1)
    )
    (real, _), *_ = Lessons(plan, few()).epoch(0)
    assert real.dtype == np.float32
    assert len(np.unique(real)) > 100
    assert real.std() > 0.3
    assert -1 <= real.min() < -0.5 < 0.5 < real.max() <= 1


@pytest.mark.parametrize("name", recipes.names())
def test_recipes_use_the_whole_range_of_pixels(name: str) -> None:
    """A pixel means the same in training and on the device, and 0 and the largest pixel are at
    least 1 apart."""
    plan = recipes.read_recipe(name)
    assert plan.input == recipes.read_results(recipes.ZOO / name).input
    largest = 16 if plan.data.set == "digits" else 255
    assert 1 <= largest * plan.input.scale <= 255


def test_epochs_are_made_anew_from_their_number() -> None:
    plan = recipe(augmentation=augmentation(shift=0.2))
    lessons, again = Lessons(plan, few()), Lessons(plan, few())
    first, second = list(lessons.epoch(0)), list(lessons.epoch(1))
    repeated = list(again.epoch(1))
    for (x, y), (same, also) in zip(second, repeated, strict=True):
        assert np.array_equal(x, same)
        assert np.array_equal(y, also)
    assert not np.array_equal(first[0][0], second[0][0])
    assert sum(len(x) for x, _ in first) == 64


def test_views_come_again() -> None:
    plan = recipe(augmentation=augmentation(shift=0.2, views=2))
    lessons = Lessons(plan, few())

    def sums(number: int) -> list[float]:
        return sorted(float(x.sum()) for batch, _ in lessons.epoch(number) for x in batch)

    assert sums(0) == sums(2)  # in another order
    assert sums(0) != sums(1)
    assert not np.array_equal(next(lessons.epoch(0))[0], next(lessons.epoch(2))[0])


def test_changes_are_the_same_at_any_size_and_in_colour() -> None:
    """A teacher of larger, coloured pictures sees what its student sees."""
    plan = recipe(augmentation=augmentation(mirror=True, shift=0.2, rotate_degrees=20, zoom=0.2))
    small = np.zeros((20, 24, 24, 1), np.uint8)
    small[:, 4:12, 6:18] = 200
    large = small.repeat(2, axis=1).repeat(2, axis=2).repeat(3, axis=3)
    seen, taught = changed(small, plan, view=3), changed(large, plan, view=3)
    shrunk = taught.reshape(20, 24, 2, 24, 2, 3).mean(axis=(2, 4, 5))
    assert np.abs(shrunk - seen[..., 0]).mean() < 3
    assert np.abs(seen - small).mean() > 10


def test_mirror_and_light() -> None:
    images = few(count=200, colours=3).train.images.astype(np.float32)
    rng = np.random.default_rng(0)
    mirrored = augment(images, augmentation(mirror=True), rng)
    turned = (mirrored == images[:, :, ::-1]).all(axis=(1, 2, 3))
    assert 60 < turned.sum() < 140
    assert ((mirrored == images).all(axis=(1, 2, 3)) ^ turned).all()
    lit = augment(images, augmentation(light=0.2, contrast=0.3, colour=0.5), rng)
    assert lit.min() >= 0
    assert lit.max() <= 255
    assert lit.mean(axis=(1, 2, 3)).std() > 5


def test_gray_is_changed_as_colours_are() -> None:
    """Saturation means nothing to a gray picture, but it must not shift what is drawn after it."""
    how = augmentation(light=0.2, contrast=0.3, colour=0.5)
    gray = few().train.images.astype(np.float32)
    one = augment(gray, how, np.random.default_rng(1))
    three = augment(gray.repeat(3, axis=3), how, np.random.default_rng(1))
    np.testing.assert_allclose(three, one.repeat(3, axis=3), atol=1e-3)


def test_a_mixed_picture_is_mostly_the_picture_itself() -> None:
    marks = np.zeros((64, 64, 1, 1), np.float32)
    marks[np.arange(64), np.arange(64)] = 1  # each its own pixel
    mixed = augment(marks, augmentation(mix=0.5), np.random.default_rng(0))[:, :, 0, 0]
    np.testing.assert_allclose(mixed.sum(axis=1), 1, rtol=1e-5)
    assert (mixed.argmax(axis=1) == np.arange(64)).all()
    others = 1 - mixed[np.arange(64), np.arange(64)]
    assert 0.4 < others.max() <= 0.5
    assert 0.2 < others.mean() < 0.3


def test_the_last_epochs_are_not_mixed() -> None:
    plan = recipes.read_recipe("st_fdmobilenet_v1")
    how = msgspec.structs.replace(plan.training, epochs=4, unmixed_epochs=2, batch_size=64)
    plan = msgspec.structs.replace(
        plan, training=how, augmentation=augmentation(mix=0.5), distillation=None
    )
    lessons, data = Lessons(plan, few()), few().train.images
    for number, whole in ((1, False), (2, True), (5, True)):  # those of tuning come after the last
        ((real, _),) = lessons.epoch(number)
        pixels = (real - plan.input.offset) / plan.input.scale
        assert np.allclose(sorted(map(np.sum, pixels)), sorted(map(np.sum, data))) == whole


def test_labels_say_nothing_of_mixed_pictures() -> None:
    plan = recipes.read_recipe("st_fdmobilenet_v1")
    assert plan.distillation
    halves = msgspec.structs.replace(plan.distillation, weight=0.5)
    mixing = msgspec.structs.replace(plan.augmentation, mix=0.5)
    for teacher_or_not in (halves, None):
        with pytest.raises(BadInput, match=r"augmentation\.mix requires distillation\.weight = 1"):
            msgspec.structs.replace(plan, augmentation=mixing, distillation=teacher_or_not).check(
                "here"
            )


# --- Teachers -----------------------------------------------------------------------------------
@pytest.fixture
def digits_teacher(monkeypatch: pytest.MonkeyPatch) -> recipes.Recipe:
    """A student of the digits, whose teacher is the committed digits CNN."""
    # its logits are probabilities enough for what is tested
    return recipe(
        augmentation=augmentation(views=2),
        distillation=recipes.Distillation("digits_cnn", weight=0.5, temperature=1.0),
    )


def test_targets_are_partly_the_teachers(digits_teacher: recipes.Recipe) -> None:
    data = datasets.load("digits")
    lessons = Lessons(digits_teacher, data)
    assert lessons.teacher
    opinions = lessons.teacher.opinions(digits_teacher, view=0)
    assert opinions.shape == (1078, 10)
    assert (opinions.argmax(axis=1) == data.train.labels).mean() > 0.97
    assert len(list(teacher.CACHE.iterdir())) == 1
    again = lessons.teacher.opinions(digits_teacher, view=0)  # from the cache
    assert np.array_equal(again, opinions)
    changes = augmentation(views=digits_teacher.training.epochs)
    asked_once = msgspec.structs.replace(digits_teacher, augmentation=changes)
    assert (lessons.teacher.opinions(asked_once, view=1)[:9, 0] > 0).all()
    assert len(list(teacher.CACHE.iterdir())) == 1  # of changes that do not come again nothing
    targets = np.concatenate([y for _, y in lessons.epoch(0)])
    np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-5)
    assert targets.max(axis=1).min() >= 0.5 or (targets > 0).sum(axis=1).max() > 1


def test_a_teacher_of_other_pictures_is_refused(digits_teacher: recipes.Recipe) -> None:
    with pytest.raises(BadInput, match="whose training pictures are not those of few"):
        Lessons(digits_teacher, few())


def test_a_teacher_without_a_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, digits_teacher: recipes.Recipe
) -> None:
    shutil.copytree(recipes.ZOO / "digits_cnn", tmp_path / "zoo" / "digits_cnn")
    (tmp_path / "zoo" / "digits_cnn" / "float32.tflite").unlink()
    monkeypatch.setattr(recipes, "ZOO", tmp_path / "zoo")
    with pytest.raises(BadInput, match=r"No such file or directory; train digits_cnn first"):
        Lessons(digits_teacher, datasets.load("digits"))


# --- Interruptions ------------------------------------------------------------------------------
def test_an_interrupted_training_ends_as_if_it_were_not(
    monkeypatch: pytest.MonkeyPatch, checkpoints: Path
) -> None:
    data = datasets.load("digits")
    plan = recipe()
    model, curves = training.fit("digits_cnn", plan, data, epochs=4)
    shutil.rmtree(checkpoints)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    # the first epoch is saved when its progress is reported
    report = training._Progress.report
    monkeypatch.setattr(training._Progress, "report", interrupted)
    with pytest.raises(KeyboardInterrupt):
        training.fit("digits_cnn", plan, data, epochs=4)
    monkeypatch.setattr(training._Progress, "report", report)
    again, same = training.fit("digits_cnn", plan, data, epochs=4)
    assert same == curves
    for ours, theirs in zip(again.get_weights(), model.get_weights(), strict=True):
        assert np.array_equal(ours, theirs)


def test_an_interrupted_average_goes_on_too(
    monkeypatch: pytest.MonkeyPatch, checkpoints: Path
) -> None:
    data = datasets.load("digits")
    slow = msgspec.structs.replace(recipe().training, average_weights=0.9)
    plan = recipe(training=slow)
    model, curves = training.fit("digits_cnn", plan, data, epochs=3)
    shutil.rmtree(checkpoints)
    whole, saved = Checkpoint.save, []

    def interrupted(self: Any, state: Any) -> None:
        whole(self, state)
        saved.append(state.epochs)
        if len(saved) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        training.fit("digits_cnn", plan, data, epochs=3)
    again, same = training.fit("digits_cnn", plan, data, epochs=3)
    assert saved == [1, 2, 3]
    assert same == curves
    for ours, theirs in zip(again.get_weights(), model.get_weights(), strict=True):
        assert np.array_equal(ours, theirs)


def test_another_recipe_begins_anew(checkpoints: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = datasets.load("digits")
    training.fit("digits_cnn", recipe(), data, epochs=1)
    other = msgspec.structs.replace(recipe().training, learning_rate=0.001)
    _, curves = training.fit("digits_cnn", recipe(training=other), data, epochs=1)
    assert len(curves["loss"]) == 1
    assert "goes on after" not in capsys.readouterr().err
    assert [p.name for p in (checkpoints / "digits_cnn").iterdir()] == ["state.npz"]


def test_pictures_of_an_epoch_go_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a gigabyte an epoch, of FD-MobileNet's; the next epoch's are made meanwhile."""
    alive: list[weakref.ref[Any]] = []

    def tracked(*arguments: Any) -> Any:
        assert sum(pixels() is not None for pixels in alive) <= 1
        pixels = changed(*arguments)
        alive.append(weakref.ref(pixels))
        return pixels

    monkeypatch.setattr("lessons.changed", tracked)
    training.fit("digits_cnn", recipe(), datasets.load("digits"), epochs=3)
    assert len(alive) == 3


def test_curves_are_of_whole_epochs() -> None:
    data = datasets.load("digits")
    whole = msgspec.structs.replace(recipe().training, batch_size=len(data.train) // 7)
    _, curves = training.fit("digits_cnn", recipe(training=whole), data, epochs=2)
    seen = len(data.train) // 7 * 7
    right = curves["accuracy"][1] * seen
    assert right == pytest.approx(round(right), abs=1e-3)
    assert round(right) % 7  # it would be a multiple if it were of the last batch alone


def test_an_average_follows_the_weights_and_is_judged() -> None:
    import keras

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2, activation="softmax")])
    model.compile(loss="categorical_crossentropy", metrics=["accuracy"])
    right, wrong = np.array([[4.0, -4.0]]), np.array([[-4.0, 4.0]])
    model.set_weights([right, np.zeros(2)])
    average = Average(model, kept=0.75)
    model.set_weights([wrong, np.zeros(2)])
    check = np.ones((3, 1), np.float32), np.eye(2, dtype=np.float32)[[0, 0, 0]]
    for kept, accuracy in ((0.75, 1), (0.75**2, 1), (0.75**3, 0)):
        average.follow()
        np.testing.assert_allclose(average.weights[0], kept * right + (1 - kept) * wrong)
        assert average.evaluate(check)["accuracy"] == accuracy
        assert np.array_equal(model.get_weights()[0], wrong)  # which training goes on with


def test_the_kept_model_is_the_average() -> None:
    """It is still where training began, with nearly all of it kept in each step."""
    data = datasets.load("digits")
    kept = msgspec.structs.replace(recipe().training, average_weights=0.999999)
    begin, _ = training.fit("digits_cnn", recipe(training=kept), data, epochs=1)
    trained, _ = training.fit("digits_cnn", recipe(), data, epochs=1)
    import keras

    keras.utils.set_random_seed(recipe().training.seed)
    fresh = training.build("digits_cnn", data.train.images.shape[1:], 10)
    for start, average, end in zip(
        fresh.get_weights(), begin.get_weights(), trained.get_weights(), strict=True
    ):
        np.testing.assert_allclose(average, start, atol=1e-4)
        assert np.abs(end - start).max() > 1e-3


def test_training_stops_when_nothing_gets_better() -> None:
    slow = msgspec.structs.replace(recipe().training, learning_rate=1e-9, patience=2)
    _, curves = training.fit("digits_cnn", recipe(training=slow), datasets.load("digits"), 50)
    assert len(curves["loss"]) < 50


def test_weights_that_are_not_there_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOARDLESS_DATA", "/nonexistent")
    with pytest.raises(datasets.DataMissing, match=r"no weights to start from; they are at https"):
        training._weights(recipes.Transfer("a/b.h5", "https://example.org/b.h5", "none"))


# --- Quantisation -------------------------------------------------------------------------------
def small_model() -> Any:
    import keras

    keras.utils.set_random_seed(0)
    layers = keras.layers
    return keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Conv2D(6, 3), layers.ReLU(), layers.Flatten(),
         layers.Dense(2)]
    )  # fmt: skip


@pytest.mark.parametrize("per_channel", [True, False])
def test_weights_have_one_scale_per_channel_or_one(per_channel: bool) -> None:
    real = pictures.as_real(few().train.images, recipes.Input(1 / 255, 0.0))
    with quantise.written(small_model()) as converter:
        made = graph.read(quantise.int8_tflite(converter, real, per_channel), "small")
    conv = next(op for op in made.operators if op.name == "CONV_2D")
    q = made.tensors[conv.inputs[1]].quantisation
    assert q
    assert len(q.scales) == (6 if per_channel else 1)


def test_error_by_layer_grows_where_it_is_made() -> None:
    images, scaling = few().train.images, recipes.Input(1 / 255, 0.0)
    real = pictures.as_real(images, scaling)
    with quantise.written(small_model()) as converter:
        float32 = quantise.float32_tflite(converter)
        int8 = quantise.int8_tflite(converter, real)
        # ranges from pictures that are too dark clip the rest
        dark = quantise.int8_tflite(converter, real / np.float32(8))
    good = layer_error(float32, int8, images[:8], scaling)
    assert [name.split()[1] for name in good] == ["CONV_2D", "RESHAPE", "FULLY_CONNECTED"]
    assert min(good.values()) > 30
    bad = layer_error(float32, dark, images[:8], scaling)
    assert bad["1 CONV_2D"] < good["1 CONV_2D"] - 10
    # an error of one layer by hand: the last one's, from the interpreter's outputs
    network = graph.read(int8, "small")
    q = network.output_tensor.quantisation
    assert q
    exact = reference.predict(float32, real[:8])
    inputs = pictures.as_inputs(images[:8], network.input_tensor, scaling)
    near = q.scale * (reference.predict(int8, inputs).astype(float) - q.zero_point)
    expected = 10 * np.log10(np.square(exact).sum() / np.square(exact - near).sum())
    assert good["3 FULLY_CONNECTED"] == pytest.approx(expected, abs=0.1)


# --- Rounding in training -----------------------------------------------------------------------
def test_rounded_layers_round_as_int8_files_do() -> None:
    import keras

    rounding = importlib.import_module("rounding")  # needs Keras
    keras.utils.set_random_seed(1)
    layers = keras.layers
    image = keras.Input((8, 8, 1))
    x = layers.ReLU(6.0)(layers.Conv2D(6, 3, name="conv")(image))
    x = layers.ReLU(6.0)(layers.DepthwiseConv2D(3, padding="same", name="dw")(x))
    model = keras.Model(image, layers.Dense(2)(layers.Flatten()(x)))
    kernel, bias = model.get_layer("conv").get_weights()
    model.get_layer("conv").set_weights([kernel * np.geomspace(0.01, 1, 6), bias])
    rounded = keras.models.clone_model(model, clone_function=rounding._rounded)
    rounded.set_weights(model.get_weights())
    images, scaling = few().train.images, recipes.Input(1 / 255, 0.0)
    real = pictures.as_real(images, scaling)
    with quantise.written(model) as converter:
        content = quantise.int8_tflite(converter, real)
    network = graph.read(content, "rounded")
    levels = untrained.outputs(keras.Model(rounded.input, rounded.layers[2].output), real)
    assert len(np.unique(levels)) <= 256
    assert len(np.unique(levels)) > 100
    conv = next(op for op in network.operators if op.name == "CONV_2D")
    stored = network.tensors[conv.inputs[1]]
    assert stored.data is not None
    assert stored.quantisation
    scales = np.array(stored.quantisation.scales)
    ours = np.asarray(rounding._round_weights(model.get_layer("conv").kernel, (0, 1, 2)))
    theirs = (stored.data * scales[:, None, None, None]).transpose(1, 2, 3, 0)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_tuning_trains_the_model_itself() -> None:
    rounding = importlib.import_module("rounding")
    data = datasets.load("digits")
    plan = recipe()
    model, _ = training.fit("digits_cnn", plan, data, epochs=2)
    import keras

    before = model.get_weights()
    image = keras.Input((8, 8, 1))
    x = image
    for layer in model.layers:
        x = layer(x)
    softmax = keras.Model(image, keras.layers.Softmax()(x))
    rounding.tune(softmax, Lessons(plan, data), first_epoch=2, epochs=3, rate=1e-2)
    after = model.get_weights()
    assert not all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    real = pictures.as_real(data.validation.images, plan.input)
    right = untrained.outputs(softmax, real).argmax(axis=1) == data.validation.labels
    assert right.mean() > 0.75  # 0.70 before


def test_only_int8_is_trained_with_its_rounding() -> None:
    """The float file is the model at its best, before; its layers have initialisers of our own."""
    plan, data = recipes.read_recipe("pico_mobilenet"), few(side=48)  # the smallest of its family
    rounded, aware = (
        training.train(
            "pico_mobilenet",
            msgspec.structs.replace(
                plan,
                distillation=None,
                quantisation=msgspec.structs.replace(plan.quantisation, aware_epochs=epochs),
            ),
            data,
            epochs=1,
        )
        for epochs in (0, 5)
    )
    assert aware.float32 == rounded.float32
    assert aware.int8 != rounded.int8
