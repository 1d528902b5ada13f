"""A student that learns its teacher's features, not only its opinions.

student = with_guesses(model, [(256,)]); student.compile(..., loss=both(5, [(0.5, (256,))], 0.0))

A teacher that has seen ImageNet knows more of a flower than five probabilities say: what its last
layer reads is a description by some hundred numbers. A dense layer, which is thrown away in the
end, guesses them from what the student's last layer reads. The map whose mean they are says where
in the picture it sees what; a convolution of 1 x 1 guesses that from the student's map.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
from boardless.core.errors import BadInput
from keras import layers, ops

Shapes = Sequence[tuple[int, ...]]


def with_guesses(model: keras.Model, shapes: Shapes) -> keras.Model:
    """The model with guesses behind its probabilities, (N, classes + all the values of `shapes`):
    of features where a shape is (F,) or (1, 1, F), of a map where it is another (H, W, C). It
    shares the layers of `model`, which has a layer `pool`. BadInput where its map is of another
    size."""
    pool = model.get_layer("pool")
    parts = [model.output]
    for shape in shapes:
        if math.prod(shape) == shape[-1]:
            seen = layers.Flatten(name="seen")(pool.output)
            parts.append(layers.Dense(shape[-1], name="guess")(seen))
            continue
        if pool.input.shape[1:3] != shape[:2]:
            raise BadInput(f"the teacher's map is {shape[:2]}, ours {pool.input.shape[1:3]}")
        guess = layers.Conv2D(shape[-1], 1, name="guess_of_map")(pool.input)
        parts.append(layers.Flatten(name="guess_of_places")(guess))
    return keras.Model(model.input, layers.Concatenate(name="both")(parts))


def both(
    classes: int, guesses: Sequence[tuple[float, tuple[int, ...]]], smoothing: float
) -> Callable[[Any, Any], Any]:
    """Loss of such a model: cross entropy of the first columns, which are probabilities, and of the
    guesses behind them the mean square distance, by the weight before the shape of each."""

    def loss(wanted: Any, said: Any) -> Any:
        total = keras.losses.categorical_crossentropy(
            wanted[:, :classes], said[:, :classes], label_smoothing=smoothing
        )
        start = classes
        for weight, shape in guesses:
            end = start + math.prod(shape)
            distance = ops.mean(ops.square(wanted[:, start:end] - said[:, start:end]), axis=-1)
            total = total + weight * distance
            start = end
        return total

    return loss


def accuracy(classes: int) -> Callable[[Any, Any], Any]:
    """Metric of such a model, called accuracy: is the most probable class the wanted one?"""

    def accuracy(wanted: Any, said: Any) -> Any:
        return keras.metrics.categorical_accuracy(wanted[:, :classes], said[:, :classes])

    return accuracy
