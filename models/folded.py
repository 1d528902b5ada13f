"""Weights of a committed .tflite, in which batch normalisation is folded, back in a Keras model.

unfold_into(model, tflite, pictures)

Each normalisation gets the averages that it sees for `pictures`, and the gamma and beta with which
it changes nothing, so that the model computes what the file does and can be trained on.
"""

from __future__ import annotations

from itertools import pairwise

import keras
import numpy as np
from boardless.core.errors import BadInput
from boardless.model import graph
from keras import layers
from numpy.typing import NDArray

NAMES = ("CONV_2D", "DEPTHWISE_CONV_2D")  # of the layers that have weights, and their kinds
KINDS = (layers.Conv2D, layers.DepthwiseConv2D)
BATCH = 64


def unfold_into(model: keras.Model, tflite: bytes, pictures: NDArray[np.float32]) -> None:
    """Set all weights of a model of convolutions, of which each has a bias or is read by a batch
    normalisation. pictures: (N, H, W, C), real values. BadInput where the file has other layers."""
    file = graph.read(tflite, "model")
    stored = [op for op in file.operators if op.name in NAMES]
    ours = [layer for layer in model.layers if isinstance(layer, KINDS)]
    if len(stored) != len(ours):
        raise BadInput(f"the file has {len(stored)} convolutions, the model {len(ours)}")
    readers = {
        before.name: after
        for before, after in pairwise(model.layers)
        if isinstance(after, layers.BatchNormalization)
    }
    for op, layer in zip(stored, ours, strict=True):
        kernel, bias = (np.asarray(file.tensors[index].data) for index in op.inputs[1:3])
        kernel = kernel.transpose(1, 2, 3, 0)  # (1, H, W, C) and (O, H, W, I) alike
        if layer.use_bias:
            layer.set_weights([kernel, bias])
            continue
        layer.set_weights([kernel])
        norm = readers[layer.name]
        ones = np.ones_like(bias)
        norm.set_weights([ones, bias, 0 * ones, ones * np.float32(1 - norm.epsilon)])
    probe = keras.Model(model.input, [model.get_layer(name).output for name in readers])
    sums = [np.zeros((2, n.moving_mean.shape[0])) for n in readers.values()]
    count = [0] * len(sums)
    for at in range(0, len(pictures), BATCH):
        for i, seen in enumerate(probe(pictures[at : at + BATCH])):
            flat = np.asarray(seen, np.float64).reshape(-1, sums[i].shape[1])
            sums[i] += [flat.sum(axis=0), (flat**2).sum(axis=0)]
            count[i] += len(flat)
    for norm, total, n in zip(readers.values(), sums, count, strict=True):
        mean, square = total / n
        variance = np.maximum(square - mean**2, 0)
        _, beta, *_ = norm.get_weights()
        norm.set_weights([np.sqrt(variance + norm.epsilon), beta + mean, mean, variance])
