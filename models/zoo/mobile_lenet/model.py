"""Mobile-LeNet: a stem and six depthwise-separable blocks, 3,352 parameters for BloodMNIST.

    python models/train.py mobile_lenet

Layer names are those of the published table, so the two can be read side by side.
"""

from __future__ import annotations

import keras
from keras import layers

UNFOLDED = True  # firmware/examples runs it layer by layer, with its batch normalisation
BLOCKS = ((8, 1), (8, 1), (16, 2), (16, 1), (24, 2), (24, 1))  # output channels, stride


def build(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """input_shape (H, W, C), usually (28, 28, 3) -> probabilities (N, classes)."""
    image = keras.Input(input_shape, name="input")
    x = layers.Conv2D(8, 3, padding="same", name="stem_conv3x3")(image)
    x = _bn_relu(x, "stem")
    for index, (channels, stride) in enumerate(BLOCKS, start=1):
        x = _block(x, f"B{index}", channels, stride)
    x = layers.GlobalAveragePooling2D(name="GAP")(x)
    x = layers.Dense(classes, activation="softmax", name="OUT")(x)
    return keras.Model(image, x, name="mobile_lenet")


def _block(x: keras.KerasTensor, name: str, channels: int, stride: int) -> keras.KerasTensor:
    """Depthwise 3x3 filters each channel, pointwise 1x1 mixes the channels; neither has a bias."""
    if stride == 2:
        # SAME would pad an even map at the bottom and right only; the weights would then expect
        # a picture shifted by one pixel, which costs over ten points on other implementations.
        x = layers.ZeroPadding2D(1, name=f"{name}_pad1")(x)
    x = layers.DepthwiseConv2D(
        3,
        strides=stride,
        padding="valid" if stride == 2 else "same",
        use_bias=False,
        name=f"{name}_dw3x3_s{stride}",
    )(x)
    x = _bn_relu(x, f"{name}_dw")
    x = layers.Conv2D(channels, 1, padding="same", use_bias=False, name=f"{name}_pw1x1")(x)
    return _bn_relu(x, f"{name}_pw")


def _bn_relu(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    # Momentum 0.9, not Keras' 0.99, so that validation lags less behind so short a training.
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-3, name=f"{name}_bn")(x)
    return layers.ReLU(name=f"{name}_relu")(x)
