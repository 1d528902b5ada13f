"""What a pair of .tflite files predicts, by TFLite's reference kernels; needs no TensorFlow.

accuracy = measure(float32, int8, dataset.test, results.input).accuracy()
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from boardless import datasets, graph, reference
from boardless.pictures import as_inputs
from boardless.zoo import Scaling
from numpy.typing import NDArray
from recipes import Accuracy


@dataclass(frozen=True)
class Measured:
    """Predictions of both files over the whole test split."""

    labels: NDArray[np.int64]
    float32: NDArray[np.int64]
    int8: NDArray[np.int64]

    def accuracy(self) -> Accuracy:
        return Accuracy(share(self.float32 == self.labels), share(self.int8 == self.labels))


def share(hits: NDArray[np.bool_]) -> float:
    return round(float(hits.mean()), 6)


def measure(
    float32: bytes, int8: bytes, split: datasets.Split, scaling: Scaling, limit: int | None = None
) -> Measured:
    """Run TFLite's reference kernels over the first `limit` pictures of a split, or all."""
    images = split.images[:limit]
    return Measured(
        labels=split.labels[:limit],
        float32=predictions(float32, images, scaling),
        int8=predictions(int8, images, scaling),
    )


def predictions(tflite: bytes, images: NDArray[np.uint8], scaling: Scaling) -> NDArray[np.int64]:
    """Predicted classes (N,) of pictures (N, H, W, C); of equal scores the first wins."""
    inputs = as_inputs(images, graph.read(tflite, "model").input_tensor, scaling)
    classes: NDArray[np.int64] = reference.predict(tflite, inputs).argmax(axis=1).astype(np.int64)
    return classes
