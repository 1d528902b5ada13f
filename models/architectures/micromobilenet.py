"""The MicroMobileNet family: gray pictures, no bias and no BN before the head, global max pooling.

model = build((96, 96, 1), classes=5, stem_stride=3, blocks=((6, 2), (12, 2), (24, 2)))

Without BN deep ones hardly learn, and BN needs biases. It gets them: where pixels are never 0 a
channel can be 6 everywhere, and a constant times a weight is a bias. `scaled` builds the network to
train, which has one channel less in each block but the last and BN behind pointwise layers; fold()
makes the plain network of it, whose additional channels are constant.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

# Output channels and stride of each block.
Blocks = tuple[tuple[int, int], ...]
CONSTANT = 6.0  # where RELU6 ends
# Weights that make 6 of the brightness, in two layers, of the darkest picture and in its corners,
# too. One alone would be so large that int8's multiplier is no longer below 1/2, the fast ones.
GAINS = 40.0, 10.0
MOMENTUM, EPSILON = 0.9, 1e-3


def build(
    input_shape: tuple[int, int, int],
    classes: int,
    stem_stride: int,
    blocks: Blocks,
    scaled: bool = False,
) -> keras.Model:
    """input_shape (H, W, C), usually (96, 96, 1) -> probabilities (N, classes)."""
    image = keras.Input(input_shape, name="input")
    positive = PositiveFirst() if scaled else None
    x = layers.Conv2D(
        3, 3, strides=stem_stride, use_bias=False, kernel_constraint=positive, name="stem"
    )(image)
    x = Scale(positive, name="stem_scale")(x) if scaled else x
    for number, (channels, stride) in enumerate(blocks, start=1):
        first, last = number == 1, number == len(blocks)
        x = layers.ZeroPadding2D(1, name=f"pad_{number}")(x)  # odd maps, too: 47 -> 24, not 23
        x = layers.DepthwiseConv2D(
            3,
            strides=stride,
            use_bias=False,
            depthwise_initializer="he_uniform" if first else Around(),
            depthwise_constraint=positive if first else None,
            name=f"dw_{number}",
        )(x)
        x = Scale(positive if first else None, name=f"dw_{number}_scale")(x) if scaled else x
        x = layers.ReLU(6.0, name=f"dw_{number}_relu")(x)
        width = channels - (scaled and not last)
        x = layers.Conv2D(
            width, 1, use_bias=False, kernel_initializer="he_uniform", name=f"pw_{number}"
        )(x)
        if scaled and first:
            x = Scale(name=f"pw_{number}_scale")(x)
        elif scaled:
            x = layers.BatchNormalization(
                momentum=MOMENTUM, epsilon=EPSILON, name=f"pw_{number}_bn"
            )(x)
        x = layers.ReLU(6.0, name=f"pw_{number}_relu")(x)
    x = layers.GlobalMaxPooling2D(keepdims=True, name="pool")(x)
    x = layers.Dropout(0.1, name="dropout")(x)
    x = layers.Conv2D(classes, 1, name="head")(x)
    x = layers.Reshape((classes,), name="reshape")(x)
    return keras.Model(image, layers.Softmax(name="softmax")(x), name="micromobilenet")


def fold(scaled: keras.Model, plain: keras.Model) -> None:
    """Set the weights of `plain` so that it computes what `scaled` does, for pixels above 0."""
    blocks = sum(layer.name.startswith("pw_") for layer in plain.layers if layer.weights)
    plain.get_layer("head").set_weights(scaled.get_layer("head").get_weights())
    for name in ["stem", *(f"{kind}_{n}" for n in range(1, blocks + 1) for kind in ("dw", "pw"))]:
        (kernel,) = scaled.get_layer(name).get_weights()
        whole = np.zeros(plain.get_layer(name).kernel.shape, np.float32)
        if name.startswith("dw"):
            kernel = kernel * scaled.get_layer(f"{name}_scale").factor()[:, None]
            whole[:] = GAINS[1]  # so it stays constant, next to the padding's zeros, too
            whole[:, :, : kernel.shape[2]] = kernel
        elif name in ("stem", "pw_1"):
            whole[..., : kernel.shape[3]] = kernel * scaled.get_layer(f"{name}_scale").factor()
            whole[:, :, 0, kernel.shape[3] :] = GAINS[0]  # of brightness
        else:
            gamma, beta, mean, variance = scaled.get_layer(f"{name}_bn").get_weights()
            factor = gamma / np.sqrt(variance + EPSILON)
            inputs, outputs = kernel.shape[2:]
            whole[:, :, :inputs, :outputs] = kernel * factor
            whole[:, :, inputs, :outputs] = (beta - mean * factor) / CONSTANT
            whole[:, :, inputs, outputs:] = 1
        plain.get_layer(name).set_weights([whole])


class Around(keras.initializers.RandomUniform):  # type: ignore[misc]  # keras is untyped
    """Filters whose 9 weights add up to about 1: all inputs are positive, and a filter that adds
    them up to something negative would pass nothing on through RELU6."""

    def __init__(self) -> None:
        super().__init__(-0.5, 0.5)

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        noise = super().__call__(shape, dtype)  # (3, 3, channels, 1)
        return noise + (1 - ops.sum(noise, axis=(0, 1))) / 9


class PositiveFirst(keras.constraints.Constraint):  # type: ignore[misc]  # keras is untyped
    """Weights of the first channel above 0, so that this channel is something like brightness."""

    def __call__(self, w: Any) -> Any:
        axis = -2 if w.shape[-1] == 1 else -1  # of channels: (3, 3, C, 1), (3, 3, 1, C) or (C,)
        first = ops.equal(ops.arange(w.shape[axis]), 0)
        first = first[:, None] if axis == -2 else first
        return ops.where(first, ops.maximum(w, 0.05), w)


class Scale(layers.Layer):  # type: ignore[misc]  # keras is untyped
    """Each channel divided by its root mean square over the batch, times a learnt gamma."""

    def __init__(self, constraint: Any = None, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.constraint = constraint

    def build(self, shape: tuple[int | None, ...]) -> None:
        channels = shape[-1:]
        self.gamma = self.add_weight(
            shape=channels, initializer="ones", constraint=self.constraint, name="gamma"
        )
        self.square = self.add_weight(
            shape=channels, initializer="ones", trainable=False, name="square"
        )

    def call(self, x: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        square = self.square
        if training:
            square = ops.mean(ops.square(x), axis=(0, 1, 2))
            self.square.assign(MOMENTUM * self.square + (1 - MOMENTUM) * square)
        return x * (self.gamma / ops.sqrt(square + EPSILON))

    def factor(self) -> Any:
        """Returns the factor of each channel at inference, (C,)."""
        return (self.gamma / ops.sqrt(self.square + EPSILON)).numpy()
