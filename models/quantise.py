"""Converts a Keras model to .tflite bytes, float32 and int8.

content = int8_tflite(model, pictures)

Both files have a fixed batch of 1: with a free one the converter computes shapes at run time
(SHAPE, STRIDED_SLICE, PACK), which has no place on a microcontroller.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def float32_tflite(model: Any) -> bytes:
    """Convert without quantisation; BN is folded into the weights by the converter."""
    return _convert(model, {})


def int8_tflite(model: Any, pictures: NDArray[np.float32], per_channel: bool = True) -> bytes:
    """Quantise everything to int8; `pictures` (N, H, W, C) set the ranges. Convolutions have one
    weight scale per output channel, or a single one.

    The input and the output are int8 too, so that the device needs no float at all.
    """
    import tensorflow as tf

    def representative() -> Iterator[list[NDArray[np.float32]]]:
        for picture in pictures:
            yield [picture[np.newaxis]]

    settings = {
        "optimizations": [tf.lite.Optimize.DEFAULT],
        "representative_dataset": representative,
        "inference_input_type": tf.int8,
        "inference_output_type": tf.int8,
        "_experimental_disable_per_channel": not per_channel,
    }
    return _convert(model, settings, [tf.lite.OpsSet.TFLITE_BUILTINS_INT8])


def _convert(model: Any, settings: dict[str, Any], operators: Sequence[Any] = ()) -> bytes:
    import keras
    import tensorflow as tf

    entry = keras.InputSpec(shape=(1, *model.input_shape[1:]), dtype="float32", name="input")
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Statistics for quantized inputs")  # true of any int8
        model.export(folder, input_signature=[entry], verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        for key, value in settings.items():
            setattr(converter, key, value)
        if operators:
            converter.target_spec.supported_ops = operators
        return bytes(converter.convert())
