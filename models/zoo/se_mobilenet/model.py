"""Bottlenecks with expansion, residuals and squeeze-and-excitation, as MicroMobileNet is described.

    python models/train.py se_mobilenet

The published family has none of these blocks; its text describes them.
"""

from __future__ import annotations

import keras
from keras import layers

STEM = 8
# Output channels, stride and expansion of each bottleneck.
BLOCKS = (
    (12, 2, 3), (12, 1, 3), (24, 2, 4), (24, 1, 4), (40, 2, 4), (40, 1, 4), (40, 1, 4),
)  # fmt: skip
SQUEEZE = 4  # the excitation's inner layer has a fourth of the channels


def build(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """input_shape (H, W, C), usually (96, 96, 1) -> probabilities (N, classes)."""
    image = keras.Input(input_shape, name="input")
    x = layers.Conv2D(STEM, 3, strides=2, padding="same", use_bias=False, name="stem")(image)
    x = layers.ReLU(6.0, name="stem_relu")(_bn(x, "stem"))
    for number, (channels, stride, expansion) in enumerate(BLOCKS, start=1):
        x = _bottleneck(x, f"b{number}", channels, stride, expansion)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Dropout(0.1, name="dropout")(x)
    x = layers.Dense(classes, activation="softmax", name="head")(x)
    return keras.Model(image, x, name="se_mobilenet")


def _bottleneck(
    x: keras.KerasTensor, name: str, channels: int, stride: int, expansion: int
) -> keras.KerasTensor:
    """Expand, filter, project; then weigh the channels; add the input where shapes are equal."""
    before = x
    x = layers.Conv2D(expansion * x.shape[-1], 1, use_bias=False, name=f"{name}_expand")(x)
    x = layers.ReLU(6.0, name=f"{name}_expand_relu")(_bn(x, f"{name}_expand"))
    x = layers.DepthwiseConv2D(
        3, strides=stride, padding="same", use_bias=False, name=f"{name}_dw"
    )(x)
    x = layers.ReLU(6.0, name=f"{name}_dw_relu")(_bn(x, f"{name}_dw"))
    x = layers.Conv2D(channels, 1, use_bias=False, name=f"{name}_project")(x)
    x = _excite(_bn(x, f"{name}_project"), name)
    if before.shape == x.shape:
        x = layers.Add(name=f"{name}_add")([before, x])
    return x


def _excite(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Squeeze-and-excitation: a weight of 0..1 for every channel, from the channels' means."""
    channels = x.shape[-1]
    e = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_squeeze")(x)
    e = layers.Dense(channels // SQUEEZE, activation="relu", name=f"{name}_reduce")(e)
    e = layers.Dense(channels, activation="sigmoid", name=f"{name}_excite")(e)
    return layers.Multiply(name=f"{name}_scale")([x, e])


def _bn(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-3, name=f"{name}_bn")(x)
