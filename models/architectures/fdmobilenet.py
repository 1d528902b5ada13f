"""FD-MobileNet: fast downsampling, half of MobileNet's layers; and ST's variant of uneven widths.

model = build((128, 128, 3), classes=5, alphas=12 * (0.25,))

A depthwise layer has a bias and nothing behind it; BN and RELU follow the pointwise layers alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

# Channels for alpha 1 and stride of the stem and the 11 blocks.
FILTERS = (32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 1024)
STRIDES = (2, 2, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1)
ST_V1 = (0.5, 0.75, 0.625, 0.5, 0.375, *7 * (0.25,))


def build(
    input_shape: tuple[int, int, int],
    classes: int,
    alphas: Sequence[float],
    dropout: float = 0.1,
) -> keras.Model:
    """input_shape (H, W, C), one alpha per layer -> probabilities (N, classes)."""
    widths = [int(filters * alpha) for filters, alpha in zip(FILTERS, alphas, strict=True)]
    image = keras.Input(input_shape, name="input")
    x = layers.Conv2D(
        widths[0], 3, strides=STRIDES[0], padding="same", use_bias=False, name="conv1"
    )(image)
    x = _bn_relu(x, "conv1")
    for number, (channels, stride) in enumerate(zip(widths[1:], STRIDES[1:], strict=True), start=1):
        x = layers.DepthwiseConv2D(3, strides=stride, padding="same", name=f"conv_dw_{number}")(x)
        x = layers.Conv2D(channels, 1, use_bias=False, name=f"conv_pw_{number}")(x)
        x = _bn_relu(x, f"conv_pw_{number}")
    x = layers.GlobalAveragePooling2D(keepdims=True, name="pool")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Conv2D(classes, 1, name="conv_preds")(x)
    x = layers.Reshape((classes,), name="reshape")(x)
    return keras.Model(image, layers.Softmax(name="softmax")(x), name="fdmobilenet")


def _bn_relu(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-3, name=f"{name}_bn")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def start_from(model: keras.Model, imagenet: Mapping[str, NDArray[np.float32]]) -> None:
    """Set what fits from the ImageNet weights of MobileNetV1 0.25, which has more layers.

    imagenet: "layer/weight" -> array. Both have the same widths from block 2 on but for the last
    blocks; the BN behind a depthwise layer of MobileNetV1 goes into weights and bias here. Where
    widths differ (ST v1), channels are repeated with weights that are not quite the same (of equal
    ones the gradients are equal, too: they would stay one channel for ever), and what reads them
    shares their weight.
    """
    source = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12)  # MobileNetV1's block for each of ours
    taken = np.arange(3)  # for each of our channels the one of MobileNetV1
    taken = _layer(model, imagenet, "conv1", "conv1", taken)
    for number, theirs in enumerate(source, start=1):
        gamma, beta, mean, variance = (
            imagenet[f"conv_dw_{theirs}_bn/{key}"][taken]
            for key in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        scale = gamma / np.sqrt(variance + 1e-3)
        kernel = imagenet[f"conv_dw_{theirs}/depthwise_kernel"][:, :, taken]
        model.get_layer(f"conv_dw_{number}").set_weights(
            [kernel * scale[:, np.newaxis], beta - mean * scale]
        )
        taken = _layer(model, imagenet, f"conv_pw_{number}", f"conv_pw_{theirs}", taken)


def _layer(
    model: keras.Model,
    imagenet: Mapping[str, NDArray[np.float32]],
    ours: str,
    theirs: str,
    taken: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Convolution and BN; returns which of their channels each of our outputs is."""
    layer = model.get_layer(ours)
    kernel = imagenet[f"{theirs}/kernel"]
    outputs: NDArray[np.int64] = np.arange(layer.filters) % kernel.shape[3]
    shared = np.bincount(taken, minlength=kernel.shape[2])[taken]
    own = (kernel[:, :, taken] / shared[:, np.newaxis])[..., outputs]
    copies = own[..., kernel.shape[3] :]
    copies *= np.random.default_rng(0).uniform(0.5, 1.5, copies.shape)
    layer.set_weights([own])
    names = ("gamma", "beta", "moving_mean", "moving_variance")
    model.get_layer(f"{ours}_bn").set_weights(
        [imagenet[f"{theirs}_bn/{key}"][outputs] for key in names]
    )
    return outputs


def equalise(model: keras.Model, pictures: NDArray[np.float32]) -> None:
    """Even out the channels' ranges, so that one int8 scale suits all channels of a map; the float
    network stays what it was, for RELU lets positive factors through (cross-layer equalisation).

    pictures: (N, H, W, C), real values that show the ranges.
    """
    number_of_blocks = len(STRIDES) - 1
    outputs = ["conv1_relu"]
    for number in range(1, number_of_blocks + 1):
        outputs += [f"conv_dw_{number}", f"conv_pw_{number}_relu"]
    probe = keras.Model(model.input, [model.get_layer(name).output for name in outputs])
    ranges = [np.zeros(0)] * len(outputs)
    for picture in pictures:
        maps = [np.abs(np.asarray(m)).max(axis=(0, 1, 2)) for m in probe(picture[np.newaxis])]
        ranges = [np.maximum(r, m) if r.size else m for r, m in zip(ranges, maps, strict=True)]
    for name, largest in zip(outputs, ranges, strict=True):
        layer = model.get_layer(name.removesuffix("_relu"))
        after = _reader(model, layer.name)
        kernel, *bias = after.get_weights()
        weights = np.abs(kernel).max(axis=(0, 1, 3))  # by input channel, of either kind of layer
        if isinstance(after, layers.DepthwiseConv2D):
            factor = (
                largest / largest.mean()
            )  # its own scales are by channel: nothing to lose there
        else:
            factor = np.sqrt(largest / np.maximum(weights, 1e-6))
            factor /= factor.mean()
        factor = np.maximum(factor, 1e-3)  # a channel that is always 0
        if isinstance(layer, layers.DepthwiseConv2D):
            own, offset = layer.get_weights()
            layer.set_weights([own / factor[:, np.newaxis], offset / factor])
        else:
            bn = model.get_layer(f"{layer.name}_bn")
            gamma, beta, *moving = bn.get_weights()
            bn.set_weights([gamma / factor, beta / factor, *moving])
        after.set_weights([kernel * factor[:, np.newaxis], *bias])


def _reader(model: keras.Model, name: str) -> keras.layers.Layer:
    """The layer with weights that reads what layer `name`, with its BN and RELU, gives."""
    kinds = (layers.Conv2D, layers.DepthwiseConv2D)
    chain = [layer.name for layer in model.layers if isinstance(layer, kinds)]
    return model.get_layer(chain[chain.index(name) + 1])
