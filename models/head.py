"""Trains the last layer alone, on what the layers before it say of each picture.

teach(model, recipe, dataset)

The other layers keep the weights they started from, so each picture goes through them once. This
takes seconds, and with few pictures it is most of what can be learnt; a fine-tuning of all layers
begins better after it.
"""

from __future__ import annotations

import keras
import numpy as np
from boardless.data.datasets import Dataset
from boardless.data.pictures import as_real
from keras import ops
from numpy.typing import NDArray
from recipes import Recipe

Array = NDArray[np.float64]
# How strongly long weights are punished: what is best on the validation pictures stays.
DECAYS = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1)
STEPS = 150
RATE = 0.05
CHUNK = 2048  # pictures that are in memory as real values


def teach(model: keras.Model, recipe: Recipe, dataset: Dataset) -> None:
    """Set the weights of the last layer that has any: one that makes a score of each feature, in
    front of a softmax."""
    last = [layer for layer in model.layers if layer.weights][-1]
    body = keras.Model(model.inputs, last.input)

    def features(images: NDArray[np.uint8]) -> Array:
        parts = (images[at : at + CHUNK] for at in range(0, len(images), CHUNK))
        seen = [
            body.predict(as_real(part, recipe.input), batch_size=64, verbose=0) for part in parts
        ]
        return np.concatenate(seen).astype(np.float64).reshape(len(images), -1)

    images, labels = dataset.train.images, dataset.train.labels
    seen = features(images)
    if recipe.augmentation.mirror:
        seen = np.concatenate([seen, features(images[:, :, ::-1])])
        labels = np.concatenate([labels, labels])
    mean, spread = seen.mean(axis=0), seen.std(axis=0)
    spread += 0.1 * spread.mean() + 1e-6  # a feature that hardly ever changes says little
    checked = (features(dataset.validation.images) - mean) / spread
    tried = [regression((seen - mean) / spread, labels, decay) for decay in DECAYS]
    losses = [loss(checked @ w + b, dataset.validation.labels) for w, b in tried]
    w, b = tried[int(np.argmin(losses))]
    w = w / spread[:, np.newaxis]
    kernel, bias = last.get_weights()
    last.set_weights([w.reshape(kernel.shape), (b - mean @ w).reshape(bias.shape)])


def regression(seen: Array, labels: NDArray[np.int64], decay: float) -> tuple[Array, Array]:
    """Weights (D, classes) and biases of a logistic regression of features (N, D), by Adam with all
    pictures at once; nothing is drawn, so the same pictures give the same weights. The products are
    TensorFlow's, whose number of threads is set, as numpy's is not."""
    classes = int(labels.max()) + 1
    seen = np.concatenate([seen, np.ones((len(seen), 1))], axis=1)
    wanted = np.eye(classes)[labels]
    rows = ops.convert_to_tensor(seen)
    columns = ops.convert_to_tensor(np.ascontiguousarray(seen.T))
    w = np.zeros((seen.shape[1], classes))
    first, second = np.zeros_like(w), np.zeros_like(w)
    for step in range(1, STEPS + 1):
        wrong = _softmax(np.asarray(ops.matmul(rows, w))) - wanted
        slope = np.asarray(ops.matmul(columns, wrong)) / len(seen)
        slope[:-1] += decay * w[:-1]
        first += 0.1 * (slope - first)
        second += 0.001 * (slope**2 - second)
        rate = RATE * (1 - step / (STEPS + 1))
        size = np.sqrt(second / (1 - 0.999**step)) + 1e-8
        w = w - rate * first / (1 - 0.9**step) / size
    return w[:-1], w[-1]


def loss(scores: Array, labels: NDArray[np.int64]) -> float:
    """Mean cross entropy of scores (N, classes)."""
    chosen = _softmax(scores)[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(chosen, 1e-12)).mean())


def _softmax(scores: Array) -> Array:
    raised: Array = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Array = raised / raised.sum(axis=1, keepdims=True)
    return shares
