"""Recipe and pictures -> a trained Keras model -> .tflite bytes. Nothing is written here.

made = train("digits_cnn", recipe, datasets.load(recipe.data.set), epochs=2)
"""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import quantise
import recipes
from augment import augment
from boardless import datasets
from boardless.errors import BadInput
from boardless.pictures import as_real
from numpy.typing import NDArray
from recipes import Recipe

# Must be set before TensorFlow is imported: its C++ parts log pages of advice otherwise, and oneDNN
# picks its kernels by processor, so the same recipe would give other weights elsewhere.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")


def build(name: str, input_shape: Sequence[int], classes: int) -> Any:
    """Return the untrained Keras model; input_shape is (H, W, C)."""
    spec = importlib.util.spec_from_file_location(f"zoo_{name}", recipes.ZOO / name / "model.py")
    assert spec is not None  # true of every path that ends in .py
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except FileNotFoundError as error:
        raise BadInput("No such file", where=str(recipes.ZOO / name / "model.py")) from error
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
    real = as_real(pixels, recipe.input)
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
            as_real(check.images, recipe.input),
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
