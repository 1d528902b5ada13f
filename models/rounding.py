"""Training with the rounding of int8, for models that lose too much by rounding afterwards.

tune(model, lessons, epochs=4, learning_rate=1e-4)

A copy of the model with the same weights rounds weights (with a scale per output channel) and the
outputs of activations to 8 bits in the forward pass; the backward pass ignores the rounding. Batch
normalisation keeps its averages. It need not be folded, because it scales a channel's weights and
their scale alike.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops
from lessons import Lessons


def tune(model: keras.Model, lessons: Lessons, first_epoch: int, epochs: int, rate: float) -> None:
    """Train the model's weights on; lessons go on with number `first_epoch`."""
    twin = keras.models.clone_model(model, clone_function=_rounded)
    twin.set_weights(model.get_weights())
    for layer in twin.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = False
    steps = epochs * lessons.steps
    twin.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps)),
        loss="categorical_crossentropy",
    )
    for batches in lessons.epochs(range(first_epoch, first_epoch + epochs)):
        for batch in batches:
            real, targets = batch
            twin.train_on_batch(real, targets[:, : twin.output_shape[1]])
    model.set_weights(twin.get_weights())


def _rounded(layer: layers.Layer) -> layers.Layer:
    kind = type(layer)
    for plain, rounded in (
        (layers.Conv2D, RoundedConv2D),
        (layers.DepthwiseConv2D, RoundedDepthwiseConv2D),
        (layers.ReLU, RoundedReLU),
    ):
        kind = rounded if kind is plain else kind
    # The weights are set afterwards, and an initialiser of an architecture's own Keras cannot copy.
    config = layer.get_config().items()
    return kind.from_config({k: v for k, v in config if not k.endswith("_initializer")})


def _round(x: Any, scale: Any) -> Any:
    """x on the grid of `scale`, with the gradient of x."""
    return x + ops.stop_gradient(ops.round(x / scale) * scale - x)


def _round_weights(kernel: Any, axes: tuple[int, ...]) -> Any:
    """Symmetric, -127 .. 127, one scale for what `axes` run over."""
    largest = ops.stop_gradient(ops.max(ops.abs(kernel), axis=axes, keepdims=True))
    return _round(kernel, ops.maximum(largest, 1e-8) / 127)


class RoundedConv2D(layers.Conv2D):  # type: ignore[misc]  # keras is untyped
    def call(self, x: Any) -> Any:
        kernel = _round_weights(self.kernel, (0, 1, 2))
        x = ops.conv(x, kernel, list(self.strides), self.padding)
        return self.activation(x + self.bias if self.use_bias else x)


class RoundedDepthwiseConv2D(layers.DepthwiseConv2D):  # type: ignore[misc]
    def call(self, x: Any) -> Any:
        kernel = _round_weights(self.kernel, (0, 1, 3))
        x = ops.depthwise_conv(x, kernel, self.strides, self.padding)
        return self.activation(x + self.bias if self.use_bias else x)


class RoundedReLU(layers.ReLU):  # type: ignore[misc]
    def call(self, x: Any) -> Any:
        x = super().call(x)
        return _round(x, ops.maximum(ops.stop_gradient(ops.max(x)), 1e-8) / 255)
