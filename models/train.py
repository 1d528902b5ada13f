"""Train the zoo: recipe -> Keras model -> float32.tflite, int8.tflite, figures and model card.

    python models/train.py digits_cnn --epochs 2 --out build/smoke

A model is a folder under models/zoo with `model.py` and `recipe.toml`; this script writes the rest
of the folder. With fixed seeds and deterministic kernels the same recipe, machine and TensorFlow
give the same bytes. `--evaluate` trains nothing: it measures the committed files again.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import jinja2
import msgspec
import numpy as np
import quantise
from boardless import datasets
from boardless.errors import BadInput, BoardlessError, ToolMissing
from numpy.typing import NDArray

ZOO = Path(__file__).parent / "zoo"

# Must be set before TensorFlow is imported: its C++ parts log pages of advice otherwise, and oneDNN
# picks its kernels by processor, so the same recipe would give other weights elsewhere.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

Positive = Annotated[int, msgspec.Meta(ge=1)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]


# --- The recipe: what a person writes -----------------------------------------------------------
class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a TOML file; a misspelt key is an error, not a silent default."""


class Data(_Section, frozen=True):
    set: str
    licence: str  # of the pictures, for the card


class Input(_Section, frozen=True):
    """What the float model sees: real = pixel * scale + offset."""

    scale: float
    offset: float


class Training(_Section, frozen=True):
    seed: int
    epochs: Positive
    batch_size: Positive
    optimiser: Literal["adam", "adamw"]
    learning_rate: Annotated[float, msgspec.Meta(gt=0)]
    warmup_epochs: Annotated[int, msgspec.Meta(ge=0)]
    weight_decay: NotNegative
    label_smoothing: Annotated[float, msgspec.Meta(ge=0, lt=1)]
    keep_best_by: Literal["val_accuracy", "val_loss"]
    patience: Positive


class Augmentation(_Section, frozen=True):
    symmetries: bool
    shift_pixels: NotNegative
    rotate_degrees: NotNegative
    zoom: Annotated[float, msgspec.Meta(ge=0, lt=1)]


class Quantisation(_Section, frozen=True):
    pictures: Positive


class Recipe(_Section, frozen=True):
    data: Data
    input: Input
    training: Training
    augmentation: Augmentation
    quantisation: Quantisation


# --- The results: what this script writes and `boardless models` reads --------------------------
class Accuracy(_Section, frozen=True):
    float32: float
    int8: float


class Results(_Section, frozen=True):
    name: str
    dataset: str
    data_origin: str
    input_shape: tuple[int, int, int]
    classes: list[str]
    parameters: int
    test_pictures: int
    epochs: int
    trained_with: str
    input: Input
    accuracy: Accuracy
    recall_int8: dict[str, float]


def _read(path: Path, kind: type[Any]) -> Any:
    try:
        return msgspec.toml.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise BadInput(error.strerror or str(error), where=str(path)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(" ".join(str(error).split()), where=str(path)) from error


def read_recipe(name: str) -> Recipe:
    """Return the checked recipe of the model called `name`."""
    if name not in names():
        raise BadInput(f"unknown model '{name}'", hint=f"known are: {', '.join(names())}")
    recipe: Recipe = _read(ZOO / name / "recipe.toml", Recipe)
    return recipe


def read_results(folder: Path) -> Results:
    """Return the figures that belong to the .tflite files in `folder`."""
    results: Results = _read(folder / "results.toml", Results)
    return results


def names() -> list[str]:
    """Models that can be trained here, sorted."""
    return sorted(path.parent.name for path in ZOO.glob("*/recipe.toml"))


# --- Training -----------------------------------------------------------------------------------
def build(name: str, input_shape: Sequence[int], classes: int) -> Any:
    """Return the untrained Keras model; input_shape is (H, W, C)."""
    spec = importlib.util.spec_from_file_location(f"zoo_{name}", ZOO / name / "model.py")
    assert spec is not None  # true of every path that ends in .py
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except FileNotFoundError as error:
        raise BadInput("No such file", where=str(ZOO / name / "model.py")) from error
    return module.build(tuple(input_shape), classes)


@dataclass(frozen=True)
class Trained:
    """What one training run yields, before anything is written."""

    parameters: int  # as Keras counts them, BN included
    history: dict[str, list[float]]  # loss, accuracy, val_loss, val_accuracy by epoch
    float32: bytes
    int8: bytes


def train(name: str, recipe: Recipe, dataset: datasets.Dataset, epochs: int) -> Trained:
    """Train from scratch, keep the best epoch by the validation split, convert to .tflite."""
    import keras
    import tensorflow as tf

    # Names in the .tflite come from global counters, and a GPU would sum in another order.
    keras.backend.clear_session()
    tf.config.set_visible_devices([], "GPU")
    tf.config.experimental.enable_op_determinism()
    plan = recipe.training
    keras.utils.set_random_seed(plan.seed)

    classes = len(dataset.classes)
    one_hot = np.eye(classes, dtype=np.float32)
    pixels = dataset.train.images
    real = quantise.to_real(pixels, recipe.input.scale, recipe.input.offset)
    model = build(name, pixels.shape[1:], classes)
    steps = max(1, len(real) // plan.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        warmup_target=plan.learning_rate,
        warmup_steps=plan.warmup_epochs * steps,
        decay_steps=max(1, epochs - plan.warmup_epochs) * steps,
    )
    optimiser = {"adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW}[plan.optimiser]
    is_logits = getattr(model.layers[-1], "activation", None) is not keras.activations.softmax
    model.compile(
        optimizer=optimiser(rate, weight_decay=plan.weight_decay),
        loss=keras.losses.CategoricalCrossentropy(
            from_logits=is_logits, label_smoothing=plan.label_smoothing
        ),
        metrics=["accuracy"],
    )
    check = dataset.validation
    history = model.fit(
        _batches(real, one_hot[dataset.train.labels], recipe),
        steps_per_epoch=steps,
        epochs=epochs,
        validation_data=(
            quantise.to_real(check.images, recipe.input.scale, recipe.input.offset),
            one_hot[check.labels],
        ),
        callbacks=[
            keras.callbacks.EarlyStopping(
                plan.keep_best_by, patience=plan.patience, restore_best_weights=True
            ),
            keras.callbacks.LambdaCallback(on_epoch_end=_progress(name, epochs)),
        ],
        shuffle=False,  # _batches does
        verbose=0,
    ).history
    pictures = real[: recipe.quantisation.pictures]
    return Trained(
        parameters=model.count_params(),
        history=history,
        float32=quantise.float32_tflite(model),
        int8=quantise.int8_tflite(model, pictures),
    )


def _progress(name: str, epochs: int) -> Any:
    """One line that is overwritten on a terminal; at most some twenty lines in a log."""
    start = time.monotonic()
    terminal = sys.stderr.isatty()

    def report(epoch: int, logs: dict[str, float]) -> None:
        done, last = epoch + 1, epoch + 1 == epochs
        if not (terminal or last or epoch % max(1, epochs // 20) == 0):
            return
        left = (time.monotonic() - start) / done * (epochs - done)
        print(
            f"{name} epoch {done}/{epochs}  loss {logs['loss']:.4f}"
            f"  accuracy {logs['accuracy']:.4f}  validation {logs['val_accuracy']:.4f}"
            f"  {left:.0f} s left  ",
            end="\r" if terminal and not last else "\n",
            file=sys.stderr,
            flush=True,
        )

    return report


# --- Augmentation -------------------------------------------------------------------------------
def _batches(
    real: NDArray[np.float32], targets: NDArray[np.float32], recipe: Recipe
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Yield shuffled, augmented batches for ever; the seed alone decides their contents."""
    rng = np.random.default_rng(recipe.training.seed)
    size = min(recipe.training.batch_size, len(real))
    while True:
        order = rng.permutation(len(real))
        for start in range(0, len(order) - size + 1, size):
            chosen = order[start : start + size]
            yield augment(real[chosen], recipe.augmentation, rng), targets[chosen]


def augment(
    images: NDArray[np.float32], how: Augmentation, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return changed copies of images (N, H, W, C), each changed in its own way."""
    if how.symmetries:
        kinds = rng.integers(8, size=len(images))
        images = images.copy()
        for kind in range(8):
            turned = np.rot90(images[kinds == kind], kind % 4, axes=(1, 2))
            images[kinds == kind] = turned[:, :, ::-1] if kind >= 4 else turned
    if how.shift_pixels or how.rotate_degrees or how.zoom:
        images = _warp(images, how, rng)
    return images


def _warp(
    images: NDArray[np.float32], how: Augmentation, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Shift, turn and zoom about the centre, bilinear, zeros from outside."""
    n, height, width, _ = images.shape
    angle = np.deg2rad(rng.uniform(-how.rotate_degrees, how.rotate_degrees, (n, 1, 1)))
    zoom = 1 + rng.uniform(-how.zoom, how.zoom, (n, 1, 1))
    shift = rng.uniform(-how.shift_pixels, how.shift_pixels, (2, n, 1, 1))
    y, x = np.mgrid[:height, :width] - np.array([height - 1, width - 1])[:, None, None] / 2
    source_y = (np.cos(angle) * y - np.sin(angle) * x) / zoom + shift[0] + (height - 1) / 2
    source_x = (np.sin(angle) * y + np.cos(angle) * x) / zoom + shift[1] + (width - 1) / 2
    # A border of zeros two wide, so that every corner that is read exists.
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)))
    source_y = np.clip(source_y, -1, height) + 2
    source_x = np.clip(source_x, -1, width) + 2
    top, left = np.floor(source_y).astype(int), np.floor(source_x).astype(int)
    down, right = (source_y - top)[..., None], (source_x - left)[..., None]
    which = np.arange(n)[:, None, None]
    upper = padded[which, top, left] * (1 - right) + padded[which, top, left + 1] * right
    lower = padded[which, top + 1, left] * (1 - right) + padded[which, top + 1, left + 1] * right
    warped: NDArray[np.float32] = (upper * (1 - down) + lower * down).astype(np.float32)
    return warped


# --- Measuring and writing ----------------------------------------------------------------------
@dataclass(frozen=True)
class Measured:
    """Predictions of both files over the whole test split."""

    labels: NDArray[np.int64]
    float32: NDArray[np.int64]
    int8: NDArray[np.int64]

    def accuracy(self) -> Accuracy:
        return Accuracy(_share(self.float32 == self.labels), _share(self.int8 == self.labels))


def _share(hits: NDArray[np.bool_]) -> float:
    return round(float(hits.mean()), 6)


def measure(
    float32: bytes, int8: bytes, split: datasets.Split, scale: Input, limit: int | None = None
) -> Measured:
    """Run TFLite's reference kernels over the first `limit` pictures of a split, or all."""
    real = quantise.to_real(split.images[:limit], scale.scale, scale.offset)
    return Measured(
        labels=split.labels[:limit],
        float32=quantise.predictions(float32, real),
        int8=quantise.predictions(int8, real),
    )


def write(
    folder: Path, name: str, recipe: Recipe, dataset: datasets.Dataset, made: Trained
) -> Results:
    """Measure on the test split and write into the model's folder, which exists."""
    import keras
    import tensorflow as tf

    seen = measure(made.float32, made.int8, dataset.test, recipe.input)
    shape = dataset.test.images.shape[1:]
    results = Results(
        name=name,
        dataset=dataset.name,
        data_origin=dataset.origin,
        input_shape=(shape[0], shape[1], shape[2]),
        classes=list(dataset.classes),
        parameters=made.parameters,
        test_pictures=len(seen.labels),
        epochs=len(made.history["loss"]),
        trained_with=f"tensorflow {tf.__version__}, keras {keras.__version__}",
        input=recipe.input,
        accuracy=seen.accuracy(),
        recall_int8={
            label: _share(seen.int8[seen.labels == index] == index)
            for index, label in enumerate(dataset.classes)
        },
    )
    (folder / "float32.tflite").write_bytes(made.float32)
    (folder / "int8.tflite").write_bytes(made.int8)
    (folder / "results.toml").write_text(_toml(results), encoding="utf-8")
    (folder / "card.md").write_text(card(results, recipe), encoding="utf-8")
    _draw_curves(folder / "curves.png", name, made.history)
    _draw_confusion(folder / "confusion.png", seen, dataset.classes)
    return results


def _toml(results: Results) -> str:
    """Results as TOML; strings, numbers and lists look the same in JSON."""
    plain = msgspec.to_builtins(results)
    lines = ["# Written by models/train.py; do not edit."]
    lines += [f"{k} = {json.dumps(v)}" for k, v in plain.items() if not isinstance(v, dict)]
    for name, section in plain.items():
        if isinstance(section, dict):
            lines += ["", f"[{name}]"]
            for key, value in section.items():
                bare = re.fullmatch(r"[A-Za-z0-9_-]+", key)
                lines.append(f"{key if bare else json.dumps(key)} = {json.dumps(value)}")
    return "\n".join(lines) + "\n"


CARD = """\
<!-- Written by models/train.py from results.toml; do not edit. -->
# {{ r.name }}
{{ about }}

| | |
| --- | --- |
| input | {{ r.input_shape | join(" x ") }} (HWC), real = pixel * {{ "%.6g" % r.input.scale }}\
{% if r.input.offset %} + {{ r.input.offset }}{% endif %} |
| output | {{ r.classes | length }} classes |
| parameters | {{ "{:,}".format(r.parameters) }} (as Keras counts them) |
| accuracy, float32 | {{ "%.2f" % (100 * r.accuracy.float32) }} % |
| accuracy, int8 | {{ "%.2f" % (100 * r.accuracy.int8) }} % |
| measured on | {{ "{:,}".format(r.test_pictures) }} held-out test pictures, TFLite's reference \
kernels |
| trained with | {{ r.trained_with }}, {{ r.epochs }} epochs, seed {{ seed }} |

The epoch and the recipe were chosen by the validation split; the test split was only measured.

## Data
{{ r.dataset }}: {{ r.data_origin }}. {{ licence }}

## Recall by class (int8)
| class | recall |
| --- | --- |
{% for label, recall in r.recall_int8.items() -%}
| {{ label }} | {{ "%.1f" % (100 * recall) }} % |
{% endfor %}
![Training curves](curves.png) ![Confusion matrix of the int8 model](confusion.png)

## Retrain and check
    python models/train.py {{ r.name }}
    python models/train.py {{ r.name }} --evaluate
"""


def card(results: Results, recipe: Recipe) -> str:
    """The model card as Markdown; the first paragraph is the docstring of model.py."""
    about = (ZOO / results.name / "model.py").read_text(encoding="utf-8").split('"""')[1]
    template = jinja2.Environment(
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False
    ).from_string(CARD)
    return template.render(
        r=results,
        about=about.split("\n\n")[0].strip(),
        licence=recipe.data.licence,
        seed=recipe.training.seed,
    )


def _draw_curves(path: Path, name: str, history: dict[str, list[float]]) -> None:
    plt = _pyplot()
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
    for axes, quantity in ((left, "loss"), (right, "accuracy")):
        epochs = range(1, len(history[quantity]) + 1)
        axes.plot(epochs, history[quantity], label="training (augmented)")
        axes.plot(epochs, history[f"val_{quantity}"], label="validation")
        axes.set(xlabel="epoch", ylabel=quantity)
        # BN's averages lag behind early weights: a few wild epochs must not flatten the rest.
        axes.set_ylim(0, 1.2 * max(history[quantity]) if quantity == "loss" else 1.02)
        axes.grid(alpha=0.3)
        axes.legend()
    figure.suptitle(name)
    figure.savefig(path, dpi=80)
    plt.close(figure)


def _draw_confusion(path: Path, seen: Measured, classes: Sequence[str]) -> None:
    plt = _pyplot()
    counts = np.zeros((len(classes), len(classes)), int)
    np.add.at(counts, (seen.labels, seen.int8), 1)
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    figure, axes = plt.subplots(figsize=(6, 5), layout="constrained")
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            dark = shares[row, column] > 0.5
            axes.text(
                column, row, count, ha="center", va="center", color="white" if dark else "black"
            )
    turned = max(map(len, classes)) > 2
    axes.set_xticks(range(len(classes)), classes, rotation=90 if turned else 0)
    axes.set_yticks(range(len(classes)), classes)
    axes.set(xlabel="predicted (int8)", ylabel="true")
    figure.savefig(path, dpi=80)
    plt.close(figure)


def _pyplot() -> Any:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    return plt


# --- The command --------------------------------------------------------------------------------
def evaluate(name: str) -> bool:
    """Measure the committed files again; True if results.toml says the same."""
    folder = ZOO / name
    results = read_results(folder)
    dataset = datasets.load(results.dataset)
    if dataset.origin != results.data_origin:
        # Pictures of one split were trained on in the other, so the figures would flatter.
        raise BadInput(
            f"figures are of other pictures ({results.data_origin}) than those here "
            f"({dataset.origin})",
            where=str(folder / "results.toml"),
            hint=f"retrain by: python models/train.py {name}",
        )
    try:
        files = [(folder / f"{kind}.tflite").read_bytes() for kind in ("float32", "int8")]
    except OSError as error:
        raise BadInput(error.strerror or str(error), where=str(error.filename)) from error
    now = measure(files[0], files[1], dataset.test, results.input).accuracy()
    same = now == results.accuracy
    verdict = "as in results.toml" if same else f"but results.toml says {_percent(results)}"
    print(f"{name}: {_percent(now)} on {len(dataset.test)} test pictures, {verdict}")
    return same


def _percent(measured: Results | Accuracy) -> str:
    accuracy = measured.accuracy if isinstance(measured, Results) else measured
    return f"float32 {100 * accuracy.float32:.2f} %, int8 {100 * accuracy.int8:.2f} %"


def retrain(name: str, epochs: int | None, out: Path | None) -> Path:
    """Train one model and write its folder under `out`, or in the zoo."""
    recipe = read_recipe(name)
    folder = (out or ZOO) / name
    try:
        folder.mkdir(parents=True, exist_ok=True)  # better now than after the training
    except OSError as error:
        raise BadInput(error.strerror or str(error), where=str(folder)) from error
    dataset = datasets.load(recipe.data.set)
    start = time.monotonic()
    made = train(name, recipe, dataset, epochs or recipe.training.epochs)
    results = write(folder, name, recipe, dataset, made)
    print(
        f"{name}: {_percent(results)} on {results.test_pictures} test pictures "
        f"after {time.monotonic() - start:.0f} s; written to {folder}"
    )
    return folder


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="train.py", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="model of models/zoo; none: all")
    parser.add_argument("--evaluate", action="store_true", help="only measure the committed files")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's (needs --out)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write here, not into the zoo")
    options = parser.parse_args(arguments)
    if options.epochs is not None and (options.epochs < 1 or options.out is None):
        parser.error("--epochs takes 1 or more, and --out: a cut run must not replace the zoo")
    try:
        chosen = options.names or names()
        for name in chosen:
            read_recipe(name)  # every typo is reported before the first long training
        if options.evaluate:
            verdicts = [evaluate(name) for name in chosen]
            return 0 if all(verdicts) else 1
        for name in chosen:
            retrain(name, options.epochs, options.out)
    except ImportError as error:
        missing = ToolMissing(f"{error.name} is not installed", hint="nox -s train brings it")
        print(missing, file=sys.stderr)
        return ToolMissing.exit_status
    except BoardlessError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        print("stopped; the model under way was not written", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
