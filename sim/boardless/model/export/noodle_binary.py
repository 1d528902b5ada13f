"""Weights as binary files w01.bin, b01.bin, bn01.bin, ...: float32, little endian, nothing else."""

from __future__ import annotations

from boardless.model.export._noodle import noodle
from boardless.model.zoo import Model


def files(model: Model) -> dict[str, bytes]:
    """The arrays of the text files, four bytes per number."""
    return {f"{name}.bin": values.astype("<f4").tobytes() for name, values in noodle(model).items()}
