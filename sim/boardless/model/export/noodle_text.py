"""Weights as text files w01.txt, b01.txt, bn01.txt, ..., one number per line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from boardless.model.export import _template
from boardless.model.export._noodle import noodle
from boardless.model.zoo import Model


def files(model: Model) -> dict[str, bytes]:
    """Nine digits per number: it reads back as the same float32."""
    return {f"{name}.txt": _lines(values) for name, values in noodle(model).items()}


def pictures(inputs: NDArray[np.float32]) -> dict[str, bytes]:
    """Returns picture.txt: inputs (N, H, W, C) one after the other, each as CHW."""
    return {"picture.txt": _lines(inputs.transpose(0, 3, 1, 2))}


def _lines(values: NDArray[np.float32]) -> bytes:
    return ("\n".join(_template.numbers(values)) + "\n").encode()
