"""The losses of int8: the noise of every layer relative to the float model's values.

decibels = layer_error(float32, int8, dataset.test.images[:16], results.input)
"""

from __future__ import annotations

import numpy as np
from boardless.data.pictures import as_inputs
from boardless.model import graph
from boardless.model.reference import layers
from boardless.model.reference.layers import Network
from boardless.model.zoo import Scaling
from numpy.typing import NDArray

CONVERSIONS = ("QUANTIZE", "DEQUANTIZE")


def layer_error(
    float32: bytes, int8: bytes, images: NDArray[np.uint8], scaling: Scaling
) -> dict[str, float]:
    """Signal to noise in dB of each operator's output, all pictures together, such as
    {"1 CONV_2D": 38.5}; empty where the two files are not operator by operator the same. The error
    of a layer holds that of all before it. 6 dB are one bit."""
    exact, rounded = (Network(file, graph.read(file, "model")) for file in (float32, int8))
    inputs = (as_inputs(images, n.graph.input_tensor, scaling) for n in (exact, rounded))
    named = [
        [op.name for op in n.graph.operators if op.name not in CONVERSIONS]
        for n in (exact, rounded)
    ]
    if named[0] != named[1]:
        return {}
    found = layers.compare(exact, rounded, *inputs)
    return {
        f"{number} {layer.op}": round(layer.decibels, 1) for number, layer in enumerate(found, 1)
    }
