"""Predictions of a pair of .tflite files, by TFLite's reference kernels; needs no TensorFlow.

seen = measure(float32, int8, dataset.test, results.input); seen.accuracy(); seen.accuracy(first=2)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from boardless.data import datasets
from boardless.data.pictures import as_inputs
from boardless.model import graph, reference
from boardless.model.zoo import Scaling
from numpy.typing import NDArray
from recipes import Accuracy

CHUNK = 4096  # pictures whose inputs are in memory at once


@dataclass(frozen=True)
class Measured:
    """Predictions of both files for N pictures: classes (N, C), the most probable first."""

    labels: NDArray[np.int64]
    float32: NDArray[np.int64]
    int8: NDArray[np.int64]

    def accuracy(self, first: int = 1) -> Accuracy:
        """Shares of the pictures whose class is among the `first` most probable."""
        right = (ranks[:, :first] == self.labels[:, None] for ranks in (self.float32, self.int8))
        return Accuracy(*(share(hits.any(axis=1)) for hits in right))


def share(hits: NDArray[np.bool_]) -> float:
    return round(float(hits.mean()), 6)


def measure(
    float32: bytes, int8: bytes, split: datasets.Split, scaling: Scaling, limit: int | None = None
) -> Measured:
    """Run TFLite's reference kernels over the first `limit` pictures of a split, or all."""
    images = split.images[:limit]
    return Measured(
        labels=split.labels[:limit],
        float32=ranked(float32, images, scaling),
        int8=ranked(int8, images, scaling),
    )


def ranked(tflite: bytes, images: NDArray[np.uint8], scaling: Scaling) -> NDArray[np.int64]:
    """Classes (N, C) of pictures (N, H, W, C), the most probable first; of equal ones the first."""
    tensor = graph.read(tflite, "model").input_tensor
    parts = (images[at : at + CHUNK] for at in range(0, len(images), CHUNK))
    said = [reference.predict(tflite, as_inputs(part, tensor, scaling)) for part in parts]
    scores = np.concatenate(said).astype(np.float64)  # -(-128) is no int8
    return np.argsort(-scores, axis=1, kind="stable")
