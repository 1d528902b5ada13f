"""The MicroMobileNet family: gray pictures, no bias and no BN before the head, global max pooling.

model = build((96, 96, 1), classes=5, stem_stride=3, blocks=((6, 2), (12, 2), (24, 2)))

Without BN deep ones hardly learn. They are trained with a scaling behind every convolution, which
is BN without mean and shift; fold() multiplies it into the weights: the network is the plain one.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import initializers, layers, ops

# Output channels and stride of each block.
Blocks = tuple[tuple[int, int], ...]


def build(
    input_shape: tuple[int, int, int],
    classes: int,
    stem_stride: int,
    blocks: Blocks,
    scaled: bool = False,
) -> keras.Model:
    """input_shape (H, W, C), usually (96, 96, 1) -> probabilities (N, classes)."""

    def then(x: keras.KerasTensor, layer: layers.Layer) -> keras.KerasTensor:
        return Scale(name=f"{layer.name}_scale")(layer(x)) if scaled else layer(x)

    image = keras.Input(input_shape, name="input")
    stem = layers.Conv2D(
        3, 3, strides=stem_stride, use_bias=False, kernel_initializer="he_uniform", name="stem"
    )
    x = then(image, stem)
    for number, (channels, stride) in enumerate(blocks, start=1):
        x = layers.ZeroPadding2D(1, name=f"pad_{number}")(x)  # odd maps, too: 47 -> 24, not 23
        dw = layers.DepthwiseConv2D(
            3,
            strides=stride,
            use_bias=False,
            # A filter reads one channel: He's rule for its 9 inputs, which Keras calls outputs.
            depthwise_initializer=initializers.VarianceScaling(2.0, "fan_out"),
            name=f"dw_{number}",
        )
        x = layers.ReLU(6.0, name=f"dw_{number}_relu")(then(x, dw))
        pw = layers.Conv2D(
            channels, 1, use_bias=False, kernel_initializer=Centred(), name=f"pw_{number}"
        )
        x = layers.ReLU(6.0, name=f"pw_{number}_relu")(then(x, pw))
    x = layers.GlobalMaxPooling2D(keepdims=True, name="pool")(x)
    x = layers.Dropout(0.1, name="dropout")(x)
    x = layers.Conv2D(classes, 1, name="head")(x)
    x = layers.Reshape((classes,), name="reshape")(x)
    return keras.Model(image, layers.Softmax(name="softmax")(x), name="micromobilenet")


def fold(scaled: keras.Model, plain: keras.Model) -> None:
    """Set the weights of `plain` so that it computes what `scaled` does."""
    for layer in plain.layers:
        if not layer.weights:
            continue
        kernel, *bias = scaled.get_layer(layer.name).get_weights()
        if layer.name != "head":
            factor = scaled.get_layer(f"{layer.name}_scale").factor()
            is_depthwise = isinstance(layer, layers.DepthwiseConv2D)
            kernel = kernel * (factor[:, None] if is_depthwise else factor)
        layer.set_weights([kernel, *bias])


class Centred(initializers.HeUniform):  # type: ignore[misc]  # keras is untyped
    """He's rule with weights that add up to 0 for each output: all inputs are positive, and what
    they have in common, which nothing subtracts later, would drown what tells them apart."""

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        kernel = super().__call__(shape, dtype)  # (1, 1, inputs, outputs)
        return kernel - ops.mean(kernel, axis=2, keepdims=True)


class Scale(layers.Layer):  # type: ignore[misc]  # keras is untyped
    """Each channel divided by its root mean square over the batch, times a learnt gamma."""

    MOMENTUM, EPSILON = 0.9, 1e-3

    def build(self, shape: tuple[int | None, ...]) -> None:
        channels = (shape[-1],)
        self.gamma = self.add_weight(shape=channels, initializer="ones", name="gamma")
        self.square = self.add_weight(
            shape=channels, initializer="ones", trainable=False, name="square"
        )

    def call(self, x: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        square = self.square
        if training:
            square = ops.mean(ops.square(x), axis=(0, 1, 2))
            self.square.assign(self.MOMENTUM * self.square + (1 - self.MOMENTUM) * square)
        return x * (self.gamma / ops.sqrt(square + self.EPSILON))

    def factor(self) -> Any:
        """What inference multiplies each channel by, (C,)."""
        return (self.gamma / ops.sqrt(self.square + self.EPSILON)).numpy()
