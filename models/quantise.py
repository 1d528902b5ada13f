"""Converts a Keras model to .tflite bytes, float32 and int8.

content = int8_tflite(model, pictures)

Both files have a fixed batch of 1, as those of `boardless convert`.
"""

from __future__ import annotations

import tempfile
from typing import Any

import numpy as np
from boardless.front.convert.converters import keras as converter
from numpy.typing import NDArray


def float32_tflite(model: Any) -> bytes:
    """Convert without quantisation; BN is folded into the weights by the converter."""
    with tempfile.TemporaryDirectory() as folder:
        return bytes(converter.exported(model, folder)().convert())


def int8_tflite(model: Any, pictures: NDArray[np.float32], per_channel: bool = True) -> bytes:
    """Quantise everything to int8; `pictures` (N, H, W, C) set the ranges. Convolutions have one
    weight scale per output channel, or a single one.

    The input and the output are int8 too, so that the device needs no float at all.
    """
    with tempfile.TemporaryDirectory() as folder:
        return converter.quantised(converter.exported(model, folder)(), pictures, per_channel)
