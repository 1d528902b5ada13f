"""Recipe and pictures -> a trained Keras model -> .tflite bytes. Only checkpoints are written.

made = train("digits_cnn", recipe, datasets.load(recipe.data.set), epochs=2)
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import quantise
import recipes
from average import Average
from boardless.core.errors import BadInput
from boardless.data import datasets
from boardless.data.pictures import as_real
from checkpoint import Checkpoint, State
from lessons import Batch, Lessons
from recipes import Recipe
from unfold import Arrays, unfolded

# Must be set before TensorFlow is imported: its C++ parts log pages of advice otherwise.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Another number of threads would sum in another order. Two trainings at once use two cores better.
os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}

TUNING_RATE = 3e-5
CHECKPOINTS = Path(__file__).parent / "checkpoints"


def architecture(name: str) -> Any:
    """The module zoo/<name>/model.py, or own/<name>/model.py."""
    path = recipes.folder(name) / "model.py"
    spec = importlib.util.spec_from_file_location(f"zoo_{name}", path)
    assert spec is not None  # true of every path that ends in .py
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except FileNotFoundError as error:
        raise BadInput("No such file", where=str(path)) from error
    return module


def build(name: str, input_shape: Sequence[int], classes: int) -> Any:
    """Return the untrained Keras model; input_shape is (H, W, C)."""
    return architecture(name).build(tuple(input_shape), classes)


@dataclass(frozen=True)
class Trained:
    """The result of one training run, before anything is written."""

    parameters: int  # as Keras counts them, BN included
    history: dict[str, list[float]]  # loss, accuracy, val_loss, val_accuracy by epoch
    float32: bytes
    int8: bytes
    unfolded: Arrays  # of architectures that say UNFOLDED, else empty


def train(name: str, recipe: Recipe, dataset: datasets.Dataset, epochs: int) -> Trained:
    """Train, keep the best epoch by the validation split, convert to .tflite."""
    model, history = fit(name, recipe, dataset, epochs)
    how = recipe.quantisation
    pictures = as_real(dataset.train.images[: how.pictures], recipe.input)
    module = architecture(name)
    if hasattr(module, "equalise"):
        module.equalise(model, pictures)
    with quantise.written(model) as converter:
        # before weights are bent to the rounding of int8
        float32 = quantise.float32_tflite(converter)
        if not how.aware_epochs:
            int8 = quantise.int8_tflite(converter, pictures, how.per_channel)
    kept = unfolded(model) if getattr(module, "UNFOLDED", False) else {}
    if how.aware_epochs:
        from rounding import tune  # needs Keras

        tune(model, Lessons(recipe, dataset), epochs, how.aware_epochs, TUNING_RATE)
        with quantise.written(model) as converter:
            int8 = quantise.int8_tflite(converter, pictures, how.per_channel)
    return Trained(model.count_params(), history, float32, int8, kept)


def fit(
    name: str, recipe: Recipe, dataset: datasets.Dataset, epochs: int
) -> tuple[Any, dict[str, list[float]]]:
    """The Keras model with the weights of its best epoch, and its curves by epoch."""
    import keras
    import tensorflow as tf

    # Names in the .tflite come from global counters, and a GPU would sum in another order.
    keras.backend.clear_session()
    tf.config.set_visible_devices([], "GPU")
    tf.config.experimental.enable_op_determinism()
    plan = recipe.training
    keras.utils.set_random_seed(plan.seed)

    lessons = Lessons(recipe, dataset)
    module = architecture(name)
    shape, classes = dataset.train.images.shape[1:], len(dataset.classes)
    foldable = hasattr(module, "fold")
    model = module.build(shape, classes, **({"scaled": True} if foldable else {}))
    if plan.dropout is not None:
        for layer in model.layers:
            if isinstance(layer, keras.layers.Dropout):
                layer.rate = plan.dropout
    if recipe.transfer:
        module.start_from(model, _weights(recipe.transfer))
    if recipe.continued:
        from folded import unfold_into  # needs Keras

        file = recipes.folder(recipe.continued.model) / "float32.tflite"
        shown = as_real(dataset.train.images[: recipe.quantisation.pictures], recipe.input)
        unfold_into(model, file.read_bytes(), shown)
    student = _student(model, lessons)
    _compile(student, model, recipe, epochs, lessons)
    one_hot = np.eye(len(dataset.classes), dtype=np.float32)
    check = (as_real(dataset.validation.images, recipe.input), one_hot[dataset.validation.labels])

    place = CHECKPOINTS / name / recipes.PLACES[recipe.data.protocol]
    checkpoint = Checkpoint(place, _identity(recipe, dataset, epochs, model))
    state = checkpoint.load() or State()
    if recipe.transfer and recipe.transfer.head_first and not state.epochs:
        from head import teach  # needs Keras

        teach(model, recipe, dataset)
    variables = [*student.variables, *student.optimizer.variables]
    if state.epochs:
        for variable, value in zip(variables, state.variables, strict=True):
            variable.assign(value)
        print(f"{name}: goes on after epoch {state.epochs}", file=sys.stderr)
    average = Average(model, plan.average_weights, state.average)
    progress = _Progress(name, epochs, state.epochs)
    for batches in lessons.epochs(range(state.epochs, epochs)):
        if state.epochs - state.best_epoch >= plan.patience:
            break
        for key, mean in _epoch(student, average, batches, check).items():
            state.history.setdefault(key, []).append(mean)
        if _is_best(state.history, plan.keep_best_by):
            state.best, state.best_epoch = average.weights, state.epochs
        state.average = average.averaged
        state.variables = [np.asarray(variable) for variable in variables]
        checkpoint.save(state)
        progress.report(state)
    model.set_weights(state.best)
    if foldable:
        trained, model = model, module.build(shape, classes)
        module.fold(trained, model)
    return model, state.history


def _student(model: Any, lessons: Lessons) -> Any:
    """Returns what is trained: the model, or one around it that guesses its teacher's features."""
    if not lessons.guesses:
        return model
    from features import with_guesses  # needs Keras

    return with_guesses(model, [shape for _, shape in lessons.guesses])


def _epoch(
    student: Any, average: Average, batches: Iterator[Batch], check: Batch
) -> dict[str, float]:
    """Train on `batches`; not by fit(), which would keep every epoch's pictures until the end."""
    logs = []
    for batch in batches:
        logs.append(student.train_on_batch(*batch, return_dict=True))
        average.follow()
    means = {key: float(np.mean([log[key] for log in logs])) for key in logs[0]}
    seen = average.evaluate(check)
    return means | {f"val_{key}": value for key, value in seen.items()}


def _compile(student: Any, model: Any, recipe: Recipe, epochs: int, lessons: Lessons) -> None:
    """Compile what is trained, and the model itself, which is evaluated."""
    import keras

    plan, steps = recipe.training, lessons.steps
    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        warmup_target=plan.learning_rate,
        warmup_steps=plan.warmup_epochs * steps,
        decay_steps=max(1, epochs - plan.warmup_epochs) * steps,
    )
    kind = {"adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW}[plan.optimiser]
    optimiser = kind(rate, weight_decay=plan.weight_decay, global_clipnorm=plan.clip_norm or None)
    last = model.layers[-1]
    is_softmax = isinstance(last, keras.layers.Softmax) or (
        getattr(last, "activation", None) is keras.activations.softmax
    )
    entropy = keras.losses.CategoricalCrossentropy(
        from_logits=not is_softmax, label_smoothing=plan.label_smoothing
    )
    if student is model:
        model.compile(optimizer=optimiser, loss=entropy, metrics=["accuracy"])
    else:
        from features import accuracy, both

        classes = model.output_shape[1]
        loss = both(classes, lessons.guesses, plan.label_smoothing)
        model.compile(loss=entropy, metrics=["accuracy"])
        student.compile(optimizer=optimiser, loss=loss, metrics=[accuracy(classes)])
    student.optimizer.build(student.trainable_variables)


def _is_best(history: dict[str, list[float]], quantity: str) -> bool:
    *before, last = history[quantity]
    if quantity == "val_loss":
        return not before or last < min(before)
    return not before or last > max(before)


def _identity(recipe: Recipe, dataset: datasets.Dataset, epochs: int, model: Any) -> str:
    shapes = [(weight.path, tuple(weight.shape)) for weight in model.weights]
    training = msgspec.structs.replace(recipe, quantisation=None)  # which comes after it
    what = (msgspec.json.encode(training), dataset.origin, epochs, shapes)
    return hashlib.sha256(repr(what).encode()).hexdigest()


def _weights(transfer: recipes.Transfer) -> Any:
    from architectures import mobilenet_v1

    data = os.environ.get("BOARDLESS_DATA")
    path = Path(data or ".") / transfer.weights
    if not data or not path.is_file():
        raise datasets.DataMissing(
            "no weights to start from",
            where=f"$BOARDLESS_DATA/{transfer.weights}",
            hint=f"they are at {transfer.url}",
        )
    return mobilenet_v1.arrays(path)


class _Progress:
    """One line that is overwritten on a terminal; at most some twenty lines in a log."""

    def __init__(self, name: str, epochs: int, done: int) -> None:
        self.name, self.epochs, self.before = name, epochs, done
        self.start = time.monotonic()
        self.terminal = sys.stderr.isatty()

    def report(self, state: State) -> None:
        done, last = state.epochs, state.epochs == self.epochs
        if not (self.terminal or last or (done - 1) % max(1, self.epochs // 20) == 0):
            return
        seconds = (time.monotonic() - self.start) / (done - self.before)
        logs = {key: values[-1] for key, values in state.history.items()}
        print(
            f"{self.name} epoch {done}/{self.epochs}  loss {logs['loss']:.4f}"
            f"  accuracy {logs['accuracy']:.4f}  validation {logs['val_accuracy']:.4f}"
            f"  {seconds * (self.epochs - done):.0f} s left  ",
            end="\r" if self.terminal and not last else "\n",
            file=sys.stderr,
            flush=True,
        )
