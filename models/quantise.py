"""From a Keras model to .tflite bytes, float32 and int8, and the accuracy that is left.

    python -c "import sys; sys.path.insert(0, 'models'); import quantise; help(quantise)"

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


def to_real(images: NDArray[np.uint8], scale: float, offset: float) -> NDArray[np.float32]:
    """Pixels (N, H, W, C) -> what the float model takes: real = pixel * scale + offset."""
    return images.astype(np.float32) * np.float32(scale) + np.float32(offset)


def float32_tflite(model: Any) -> bytes:
    """Convert without quantisation; BN is folded into the weights by the converter."""
    return _convert(model, {})


def int8_tflite(model: Any, pictures: NDArray[np.float32]) -> bytes:
    """Quantise everything to int8, per output channel; `pictures` (N, H, W, C) set the ranges.

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


def outputs(tflite: bytes, real: NDArray[np.float32]) -> NDArray[np.generic]:
    """Raw outputs (N, classes) of TFLite's reference kernels for real inputs (N, H, W, C).

    An int8 model gets q = round(real / scale) + zero_point, halves away from zero, as TFLite's
    own QUANTIZE operator rounds; its outputs stay int8.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_content=tflite, experimental_op_resolver_type=OpResolverType.BUILTIN_REF
    )
    interpreter.allocate_tensors()
    entry, exit_ = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    inputs: NDArray[Any] = real
    if entry["dtype"] == np.int8:
        scale, zero_point = entry["quantization"]
        steps = (real / np.float32(scale)).astype(np.float64)
        rounded = np.trunc(steps + np.copysign(0.5, steps)) + zero_point
        inputs = np.clip(rounded, -128, 127).astype(np.int8)
    results = []
    for picture in inputs:
        interpreter.set_tensor(entry["index"], picture[np.newaxis])
        interpreter.invoke()
        results.append(interpreter.get_tensor(exit_["index"])[0])
    return np.stack(results)


def predictions(tflite: bytes, real: NDArray[np.float32]) -> NDArray[np.int64]:
    """Predicted classes (N,); of equal scores the first wins."""
    classes: NDArray[np.int64] = outputs(tflite, real).argmax(axis=1).astype(np.int64)
    return classes
