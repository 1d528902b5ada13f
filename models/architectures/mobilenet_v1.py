"""MobileNetV1 as Keras has it: RELU6, stride 2 padded at the bottom and right, any width alpha.

model = build((96, 96, 3), classes=5, alpha=0.25)

Layer names are those of keras.applications, so that its ImageNet weights find their layers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

STEM = 32
# Output channels and stride of the blocks, for alpha 1.
BLOCKS = (
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1),
    (512, 1), (512, 1), (1024, 2), (1024, 1),
)  # fmt: skip


def build(
    input_shape: tuple[int, int, int], classes: int, alpha: float, dropout: float = 0.1
) -> keras.Model:
    """input_shape (H, W, C) -> probabilities (N, classes)."""
    image = keras.Input(input_shape, name="input")
    x = _pad(image, 2, "conv1_pad")
    x = layers.Conv2D(int(STEM * alpha), 3, strides=2, use_bias=False, name="conv1")(x)
    x = _bn_relu6(x, "conv1")
    for number, (channels, stride) in enumerate(BLOCKS, start=1):
        x = _pad(x, stride, f"conv_pad_{number}")
        x = layers.DepthwiseConv2D(
            3,
            strides=stride,
            padding="valid" if stride == 2 else "same",
            use_bias=False,
            name=f"conv_dw_{number}",
        )(x)
        x = _bn_relu6(x, f"conv_dw_{number}")
        x = layers.Conv2D(int(channels * alpha), 1, use_bias=False, name=f"conv_pw_{number}")(x)
        x = _bn_relu6(x, f"conv_pw_{number}")
    x = layers.GlobalAveragePooling2D(keepdims=True, name="pool")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Conv2D(classes, 1, name="conv_preds")(x)
    x = layers.Reshape((classes,), name="reshape")(x)
    return keras.Model(image, layers.Softmax(name="softmax")(x), name="mobilenet_v1")


def _pad(x: keras.KerasTensor, stride: int, name: str) -> keras.KerasTensor:
    return layers.ZeroPadding2D(((0, 1), (0, 1)), name=name)(x) if stride == 2 else x


def _bn_relu6(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    # Momentum 0.9, not Keras' 0.99: a fine-tuning has too few steps for the latter to settle.
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-3, name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x)


def start_from(model: keras.Model, imagenet: Mapping[str, NDArray[np.float32]]) -> None:
    """Set all weights but the head's from those of a network that is as wide, or wider.

    imagenet: "layer/weight" -> array. Of a wider network the channels with the largest gammas stay;
    a gray picture's stem sums the filters of the three colours.
    """
    kept = np.arange(model.input_shape[-1])
    colours = imagenet["conv1/kernel"].shape[2]
    for layer in model.layers:
        name = layer.name
        if name == "conv_preds" or not layer.weights:
            continue
        if isinstance(layer, layers.BatchNormalization):
            names = ("gamma", "beta", "moving_mean", "moving_variance")
            layer.set_weights([imagenet[f"{name}/{which}"][kept] for which in names])
        elif isinstance(layer, layers.DepthwiseConv2D):
            layer.set_weights([imagenet[f"{name}/depthwise_kernel"][:, :, kept]])
        else:
            kernel = imagenet[f"{name}/kernel"]
            if name == "conv1" and model.input_shape[-1] != colours:
                kernel = kernel.sum(axis=2, keepdims=True)
            gamma = np.abs(imagenet[f"{name}_bn/gamma"])
            outputs = np.sort(np.argsort(-gamma, kind="stable")[: layer.filters])
            # What is left of a sum of fewer terms is scaled to the whole sum's size.
            share = kernel.shape[2] / len(kept)
            layer.set_weights([kernel[:, :, kept][..., outputs] * np.float32(share**0.5)])
            kept = outputs


def arrays(path: Any) -> dict[str, NDArray[np.float32]]:
    """Weights of a Keras 2 file .h5 as "layer/weight" -> array."""
    import h5py

    found: dict[str, NDArray[np.float32]] = {}
    with h5py.File(path) as file:
        root = file.get("model_weights", file)

        def visit(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                layer, weight = name.split("/")[-2:]
                found[f"{layer}/{weight.split(':')[0]}"] = np.asarray(item, np.float32)

        root.visititems(visit)
    return found
