"""Converts a Keras model to .tflite bytes, float32 and int8.

with written(model) as converter:
    content = int8_tflite(converter, pictures)

Both files have a fixed batch of 1, as those of `boardless convert`.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from boardless.front.convert.converters import keras as converters
from numpy.typing import NDArray

Converter = Callable[[], Any]  # makes a converter of TensorFlow's


@contextlib.contextmanager
def written(model: Any) -> Iterator[Converter]:
    """Gives what makes converters of a model. To write it takes longer than to convert it, so that
    both files are made of what is written once."""
    with tempfile.TemporaryDirectory() as folder:
        yield converters.exported(model, folder)


def float32_tflite(converter: Converter) -> bytes:
    """Convert without quantisation; BN is folded into the weights by the converter."""
    return bytes(converter().convert())


def int8_tflite(
    converter: Converter, pictures: NDArray[np.float32], per_channel: bool = True
) -> bytes:
    """Quantise everything to int8; `pictures` (N, H, W, C) set the ranges. Convolutions have one
    weight scale per output channel, or a single one.

    The input and the output are int8 too, so that the device needs no float at all.
    """
    return converters.quantised(converter(), pictures, per_channel)
