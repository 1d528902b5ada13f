"""A student that learns its teacher's features, not only its opinions.

student = with_features(model, width=256); student.compile(..., loss=both(classes=5, weight=0.5))

A teacher that has seen ImageNet knows more of a flower than five probabilities say: what its last
layer reads is a description by some hundred numbers. A dense layer, which is thrown away in the
end, guesses them from what the student's last layer reads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import layers, ops


def with_features(model: keras.Model, width: int) -> keras.Model:
    """The model with `width` guesses behind its probabilities: (N, classes + width). It shares
    the layers of `model`, which has a layer `pool`."""
    seen = layers.Flatten(name="seen")(model.get_layer("pool").output)
    guess = layers.Dense(width, name="guess")(seen)
    return keras.Model(model.input, layers.Concatenate(name="both")([model.output, guess]))


def both(classes: int, weight: float, smoothing: float) -> Callable[[Any, Any], Any]:
    """Loss of such a model: cross entropy of the first columns, which are probabilities, and
    `weight` times the mean square distance of the others."""

    def loss(wanted: Any, said: Any) -> Any:
        entropy = keras.losses.categorical_crossentropy(
            wanted[:, :classes], said[:, :classes], label_smoothing=smoothing
        )
        distance = ops.mean(ops.square(wanted[:, classes:] - said[:, classes:]), axis=-1)
        return entropy + weight * distance

    return loss


def accuracy(classes: int) -> Callable[[Any, Any], Any]:
    """Metric of such a model, called accuracy: is the most probable class the wanted one?"""

    def accuracy(wanted: Any, said: Any) -> Any:
        return keras.metrics.categorical_accuracy(wanted[:, :classes], said[:, :classes])

    return accuracy
