"""The smallest useful CNN: 810 parameters for 8x8 digits, logits at the end.

    python models/train.py digits_cnn

Few enough layers to check a whole inference by hand.
"""

from __future__ import annotations

import keras
from keras import layers


def build(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """input_shape (H, W, C), usually (8, 8, 1) -> logits (N, classes), no softmax."""
    return keras.Sequential(
        [
            keras.Input(input_shape, name="input"),
            layers.Conv2D(8, 3, activation="relu", name="conv3x3"),  # valid: 8x8 -> 6x6x8
            layers.MaxPooling2D(2, name="maxpool2x2"),  # 3x3x8
            layers.Flatten(name="flatten"),  # 72
            layers.Dense(classes, name="logits"),
        ],
        name="digits_cnn",
    )
