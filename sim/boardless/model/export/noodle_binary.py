"""Weights as binary files w01.bin, b01.bin, bn01.bin, ...: float32, little endian, nothing else."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from boardless.model.export._noodle import noodle
from boardless.model.zoo import Model


def files(model: Model) -> dict[str, bytes]:
    """The arrays of the text files, four bytes per number."""
    return {f"{name}.bin": values.astype("<f4").tobytes() for name, values in noodle(model).items()}


def pictures(inputs: NDArray[np.float32]) -> dict[str, bytes]:
    """Returns picture.bin: inputs (N, H, W, C) one after the other, each as CHW."""
    return {"picture.bin": inputs.transpose(0, 3, 1, 2).astype("<f4").tobytes()}
