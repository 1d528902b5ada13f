"""The MicroMobileNet family: gray pictures, no bias and no BN before the head, global max pooling.

model = build((96, 96, 1), classes=5, stem_stride=3, blocks=((6, 2), (12, 2), (24, 2)))
"""

from __future__ import annotations

import keras
from keras import layers

# Output channels and stride of each block.
Blocks = tuple[tuple[int, int], ...]


def build(
    input_shape: tuple[int, int, int], classes: int, stem_stride: int, blocks: Blocks
) -> keras.Model:
    """input_shape (H, W, C), usually (96, 96, 1) -> probabilities (N, classes)."""
    image = keras.Input(input_shape, name="input")
    x = layers.Conv2D(3, 3, strides=stem_stride, name="stem", **_he())(image)
    for number, (channels, stride) in enumerate(blocks, start=1):
        x = layers.ZeroPadding2D(1, name=f"pad_{number}")(x)  # odd maps, too: 47 -> 24, not 23
        x = layers.DepthwiseConv2D(
            3,
            strides=stride,
            use_bias=False,
            depthwise_initializer="he_uniform",
            name=f"dw_{number}",
        )(x)
        x = layers.ReLU(6.0, name=f"dw_{number}_relu")(x)
        x = layers.Conv2D(channels, 1, name=f"pw_{number}", **_he())(x)
        x = layers.ReLU(6.0, name=f"pw_{number}_relu")(x)
    x = layers.GlobalMaxPooling2D(keepdims=True, name="pool")(x)
    x = layers.Dropout(0.1, name="dropout")(x)
    x = layers.Conv2D(classes, 1, name="head")(x)
    x = layers.Reshape((classes,), name="reshape")(x)
    return keras.Model(image, layers.Softmax(name="softmax")(x), name="micromobilenet")


def _he() -> dict[str, object]:
    return {"use_bias": False, "kernel_initializer": "he_uniform"}
